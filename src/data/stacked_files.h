#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/sample_files.h"
#include "data/sample_source.h"

namespace rangefinder::data {

/// Files that hold many samples each, one behind the other: where each sample is, and what it is
/// called. How it is read is for those who derive from this.
class StackedFiles : public SampleSource {
 public:
  size_t size() const override { return ends_.back(); }
  tensor::NamedTensors read(size_t index) const override { return read_checked(index, {}); }
  /// "a.npz[3]".
  std::string name(size_t index) const override;
  std::string fingerprint() const override;

 protected:
  /// A sample: in which file, and which one of it.
  struct Place {
    size_t file;
    uint64_t row;
  };

  /// `counts`: the samples of each file. Throws Error naming the first file if there are none.
  StackedFiles(std::vector<SampleFile> files, const std::vector<uint64_t>& counts);

  const std::vector<SampleFile>& files() const { return files_; }
  /// Throws std::invalid_argument unless index < size().
  Place place_of(size_t index) const;

 private:
  uint64_t begin_of(size_t file) const { return file == 0 ? 0 : ends_[file - 1]; }

  std::vector<SampleFile> files_;
  /// Where each file's samples end.
  std::vector<uint64_t> ends_;
};

}  // namespace rangefinder::data
