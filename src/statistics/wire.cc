#include "statistics/wire.h"

#include <bit>
#include <utility>

#include "base/error.h"

namespace rangefinder::statistics {

void WireWriter::fixed(uint64_t value, int byte_count) {
  for (int i = 0; i < byte_count; ++i) u8(static_cast<uint8_t>(value >> (8 * i)));
}

void WireWriter::u32(uint32_t value) { fixed(value, 4); }

void WireWriter::u64(uint64_t value) { fixed(value, 8); }

void WireWriter::f32(float value) { u32(std::bit_cast<uint32_t>(value)); }

void WireWriter::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) u8(static_cast<uint8_t>(value | 0x80));
  u8(static_cast<uint8_t>(value));
}

void WireWriter::text(std::string_view value) {
  varint(value.size());
  bytes_.append(value);
}

WireReader::WireReader(std::string_view bytes, std::string file)
    : bytes_(bytes), file_(std::move(file)) {}

void WireReader::fail(const std::string& what) const {
  throw Error("damaged statistics: " + what, {.file = file_});
}

std::string_view WireReader::take(size_t byte_count) {
  if (byte_count > bytes_.size()) fail("the content ends too early");
  const std::string_view taken = bytes_.substr(0, byte_count);
  bytes_.remove_prefix(byte_count);
  return taken;
}

uint64_t WireReader::fixed(int byte_count) {
  uint64_t value = 0;
  int shift = 0;
  for (const char byte : take(static_cast<size_t>(byte_count))) {
    value |= uint64_t{static_cast<uint8_t>(byte)} << shift;
    shift += 8;
  }
  return value;
}

uint8_t WireReader::u8() { return static_cast<uint8_t>(fixed(1)); }

uint32_t WireReader::u32() { return static_cast<uint32_t>(fixed(4)); }

uint64_t WireReader::u64() { return fixed(8); }

float WireReader::f32() { return std::bit_cast<float>(u32()); }

uint64_t WireReader::varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = u8();
    const uint64_t part = byte & 0x7Fu;
    if (shift == 63 && part > 1) break;
    value |= part << shift;
    if ((byte & 0x80) == 0) {
      if (byte == 0 && shift != 0) break;
      return value;
    }
  }
  fail("a number is spelled wrongly");
}

std::string_view WireReader::text() { return take(count(1)); }

size_t WireReader::count(size_t bytes_each) {
  const uint64_t value = varint();
  if (value > bytes_.size() / bytes_each) fail("the content ends too early");
  return static_cast<size_t>(value);
}

uint64_t checksum(std::string_view bytes) {
  // FNV-1a by groups of eight bytes, with a rotation that spreads the upper bits. Every step is a
  // bijection of the state, so two states that differ once never meet again on equal bytes.
  constexpr uint64_t kPrime = 0x9E3779B97F4A7C15u;
  uint64_t state = 0xCBF29CE484222325u ^ bytes.size();
  while (!bytes.empty()) {
    uint64_t group = 0;
    for (size_t i = 0; i < 8 && i < bytes.size(); ++i) {
      group |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
    }
    state = std::rotl((state ^ group) * kPrime, 29);
    bytes.remove_prefix(bytes.size() < 8 ? bytes.size() : 8);
  }
  return state;
}

}  // namespace rangefinder::statistics
