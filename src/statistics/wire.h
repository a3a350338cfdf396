#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rangefinder::statistics {

/// Appends numbers and text as bytes. Fixed widths are little-endian on every machine; `varint` is
/// LEB128: seven bits a byte, lowest first, the high bit says that more follow.
class WireWriter {
 public:
  void u8(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void u32(uint32_t value);
  void u64(uint64_t value);
  void f32(float value);
  void varint(uint64_t value);
  /// Length as varint, then the bytes.
  void text(std::string_view value);

  const std::string& bytes() const { return bytes_; }

 private:
  void fixed(uint64_t value, int byte_count);

  std::string bytes_;
};

/// Reads what WireWriter wrote. Every function throws Error naming the file when the bytes end too
/// early or cannot have been written by WireWriter.
class WireReader {
 public:
  /// `bytes` must outlive this.
  WireReader(std::string_view bytes, std::string file);

  uint8_t u8();
  uint32_t u32();
  uint64_t u64();
  float f32();
  /// Only the shortest spelling of a number is taken, so that equal values have equal bytes.
  uint64_t varint();
  std::string_view text();
  /// A number of things that each need at least `bytes_each` of the remaining bytes.
  size_t count(size_t bytes_each);

  bool at_end() const { return bytes_.empty(); }
  const std::string& file() const { return file_; }
  /// Throws Error: the file is damaged, `what` says how.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string_view take(size_t byte_count);
  uint64_t fixed(int byte_count);

  std::string_view bytes_;
  std::string file_;
};

/// A 64-bit checksum of bytes. A change within one aligned group of eight bytes is always found,
/// any other with probability 1 - 2^-64. No protection against forgery.
uint64_t checksum(std::string_view bytes);

}  // namespace rangefinder::statistics
