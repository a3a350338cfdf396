#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "data/reader_pool.h"

namespace rangefinder::data {

/// The bytes of an archive, for one thread.
class ArchiveBytes : public ForwardReader {
 public:
  /// Fills `to` from `offset` on, as far as there are bytes; returns how many. Throws Error: cannot
  /// be read, damaged.
  virtual size_t read(uint64_t offset, std::span<std::byte> to) = 0;

  /// Whether there are so many bytes. Throws as read() does.
  virtual bool reaches(uint64_t size) = 0;
};

/// Memory that somebody else owns.
class ArchiveInMemory : public ArchiveBytes {
 public:
  explicit ArchiveInMemory(std::string_view bytes) : bytes_(bytes) {}

  size_t read(uint64_t offset, std::span<std::byte> to) override;
  bool reaches(uint64_t size) override { return size <= bytes_.size(); }

 private:
  std::string_view bytes_;
};

/// A regular file as it is.
class ArchiveFile : public ArchiveBytes {
 public:
  /// Throws Error: not there, cannot be opened, no regular file.
  explicit ArchiveFile(const std::filesystem::path& path);

  size_t read(uint64_t offset, std::span<std::byte> to) override;
  bool reaches(uint64_t size) override { return size <= size_; }

 private:
  std::string path_;
  Descriptor file_;
  uint64_t size_ = 0;
};

/// The archive in a file: unpacked while it is read if the file's name ends with "gz"
/// (gzip_archive.h), else as it is.
std::unique_ptr<ArchiveBytes> open_archive(const std::filesystem::path& path);

}  // namespace rangefinder::data
