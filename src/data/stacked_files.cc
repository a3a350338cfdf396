#include "data/stacked_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/fingerprint.h"

namespace rangefinder::data {

StackedFiles::StackedFiles(std::vector<SampleFile> files, const std::vector<uint64_t>& counts)
    : files_(std::move(files)) {
  uint64_t end = 0;
  for (const uint64_t count : counts) ends_.push_back(end += count);
  if (end == 0) throw Error("holds no samples", {.file = files_.front().path.string()});
}

StackedFiles::Place StackedFiles::place_of(size_t index) const {
  require_index(index, size());
  const auto end = std::ranges::upper_bound(ends_, index);
  const auto file = static_cast<size_t>(end - ends_.begin());
  return {file, index - begin_of(file)};
}

std::string StackedFiles::name(size_t index) const {
  const Place place = place_of(index);
  return fmt::format("{}[{}]", files_[place.file].path.string(), place.row);
}

std::string StackedFiles::fingerprint() const {
  Fingerprint fingerprint;
  for (size_t file = 0; file < files_.size(); ++file) {
    fingerprint.add(files_[file].name);
    fingerprint.add_number(file_bytes(files_[file].path));
    fingerprint.add_number(ends_[file] - begin_of(file));
  }
  return fingerprint.text();
}

}  // namespace rangefinder::data
