#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/npy.h"
#include "data/reader_pool.h"
#include "data/zip_entries.h"

namespace rangefinder::data {

/// An .npz whose arrays hold many samples, read sample by sample: forwards it is unpacked once, a
/// step back begins anew. Holds some 100 kB per array.
class NpzRows : public ForwardReader {
 public:
  /// Reads the directory. Throws Error as zip_entries() does.
  explicit NpzRows(const std::filesystem::path& path);

  /// The sample that comes next.
  uint64_t position() const override { return row_; }

  /// What the arrays are. Throws Error: a damaged header; two arrays of the same name.
  NamedHeaders headers();

  /// One whole array; `check`, if any, sees its header first, under the name "". Throws Error: not
  /// there, damaged.
  tensor::Tensor read(const std::string& key, const HeaderCheck& check);

  /// Sample number `row` of arrays whose samples, of these shapes, follow one another. The last one
  /// makes libzip compare the checksums. Throws Error: damaged; an array in Fortran order, whose
  /// samples do not follow one another.
  tensor::NamedTensors read_row(const std::map<std::string, tensor::Shape>& shapes, uint64_t row);

 private:
  struct Array {
    std::unique_ptr<ZipEntryStream> stream;
    std::unique_ptr<NpyReader> reader;
  };

  Array open(const ZipEntry& entry);
  const ZipEntry& entry(const std::string& key) const;
  void restart(const std::map<std::string, tensor::Shape>& shapes);

  std::string file_;
  ZipArchive archive_;
  std::vector<ZipEntry> entries_;
  std::map<std::string, Array> arrays_;
  uint64_t row_ = 0;
};

}  // namespace rangefinder::data
