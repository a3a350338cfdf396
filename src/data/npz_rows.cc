#include "data/npz_rows.h"

#include <algorithm>

#include "base/error.h"
#include "data/sample_files.h"

namespace rangefinder::data {

NpzRows::NpzRows(const std::filesystem::path& path)
    : file_(path.string()),
      archive_(open_zip_file(path)),
      entries_(zip_entries(archive_.get(), file_bytes(path), file_)) {}

NamedHeaders NpzRows::headers() { return array_headers(archive_.get(), entries_, file_); }

tensor::Tensor NpzRows::read(const std::string& key, const HeaderCheck& check) {
  const Array array = open(entry(key));
  if (check) check({{"", array.reader->header()}});
  return array.reader->read();
}

tensor::NamedTensors NpzRows::read_row(const std::map<std::string, tensor::Shape>& shapes,
                                       uint64_t row) {
  if (arrays_.empty() || row < row_) restart(shapes);
  tensor::NamedTensors sample;
  for (const auto& [name, shape] : shapes) {
    NpyReader& reader = *arrays_.at(name).reader;
    reader.skip_parts(shape, row - row_);
    sample.emplace(name, reader.read_part(shape));
  }
  row_ = row + 1;
  return sample;
}

NpzRows::Array NpzRows::open(const ZipEntry& entry) {
  Array array{std::make_unique<ZipEntryStream>(archive_.get(), entry, file_), nullptr};
  array.reader = std::make_unique<NpyReader>(*array.stream, label(entry, file_));
  return array;
}

const ZipEntry& NpzRows::entry(const std::string& key) const {
  const auto found = std::ranges::find(entries_, key, &ZipEntry::key);
  if (found == entries_.end()) {
    throw Error("the array is no longer there", {.file = file_, .tensor = key});
  }
  return *found;
}

void NpzRows::restart(const std::map<std::string, tensor::Shape>& shapes) {
  arrays_.clear();
  for (const auto& [name, shape] : shapes) arrays_.emplace(name, open(entry(name)));
  row_ = 0;
}

}  // namespace rangefinder::data
