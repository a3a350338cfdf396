#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "base/descriptor.h"

namespace rangefinder::data {

/// Bytes that come one after the other: of a file, of memory, of an archive's entry. Lets a parser
/// look at a header before memory is taken for what follows it.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// Of a pipe: only the end tells.
  static constexpr uint64_t kUnknownSize = std::numeric_limits<uint64_t>::max();

  /// How many bytes there are in all, as announced: what an archive says may be wrong.
  virtual uint64_t size() const = 0;

  /// Fills `to` as far as there are bytes; returns how many. Throws Error: cannot be read, damaged.
  virtual size_t read(std::span<std::byte> to) = 0;

  /// Leaves out so many bytes, or all that there are. Throws Error as read() does.
  virtual void skip(uint64_t count);
};

/// Memory that somebody else owns.
class MemoryStream : public ByteStream {
 public:
  explicit MemoryStream(std::string_view bytes) : size_(bytes.size()), rest_(bytes) {}

  uint64_t size() const override { return size_; }
  size_t read(std::span<std::byte> to) override;

 private:
  uint64_t size_;
  std::string_view rest_;
};

/// A regular file, from its beginning. Devices and pipes never end or never begin, so nothing is
/// read from them.
class FileStream : public ByteStream {
 public:
  /// Throws Error: not there, cannot be opened, a folder, a device, a pipe, a socket.
  explicit FileStream(const std::filesystem::path& path);

  uint64_t size() const override { return size_; }
  size_t read(std::span<std::byte> to) override;
  /// Reads nothing of it.
  void skip(uint64_t count) override;

 private:
  std::string path_;
  Descriptor file_;
  uint64_t size_ = 0;
};

}  // namespace rangefinder::data
