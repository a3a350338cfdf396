#pragma once

#include <zlib.h>

#include <filesystem>
#include <vector>

#include "data/archive_bytes.h"
#include "data/byte_stream.h"

namespace rangefinder::data {

/// What a gzip file holds (RFC 1952; several of them behind one another are one). Read forwards it
/// is unpacked once; a step back begins anew. Holds some 100 kB.
class GzipArchive : public ArchiveBytes {
 public:
  /// Throws Error as FileStream does.
  explicit GzipArchive(const std::filesystem::path& path);
  ~GzipArchive() override;
  GzipArchive(const GzipArchive&) = delete;
  GzipArchive& operator=(const GzipArchive&) = delete;

  /// Throws Error: not gzip, damaged (each part's checksum is compared at its end), cut short.
  size_t read(uint64_t offset, std::span<std::byte> to) override;
  bool reaches(uint64_t size) override;
  uint64_t position() const override { return position_; }

 private:
  void restart();
  /// Unpacks on, up to the end of `to` or of all; returns how many bytes that were.
  size_t unpack(std::span<std::byte> to);
  bool refill();
  /// Unpacks up to `position`; false if the end comes first.
  bool advance(uint64_t position);
  [[noreturn]] void fail(const char* why) const;

  std::filesystem::path path_;
  FileStream file_;
  std::vector<std::byte> packed_;
  z_stream stream_ = {};
  /// One part at least is needed.
  bool is_within_part_ = true;
  bool has_ended_ = false;
  uint64_t position_ = 0;
};

}  // namespace rangefinder::data
