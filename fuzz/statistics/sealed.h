#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "statistics/wire.h"

namespace rangefinder::statistics {

/// A statistics file around any content: head and checksum that fit, so that the fuzzer gets past
/// them (docs/formats/statistics.md).
inline std::string sealed(std::string_view content, uint32_t format = 1) {
  WireWriter head;
  head.u32(format);
  head.u64(8 + 4 + 8 + content.size() + 8);
  const std::string bytes = "\x89RFS\r\n\x1a\n" + head.bytes() + std::string(content);
  WireWriter tail;
  tail.u64(checksum(bytes));
  return bytes + tail.bytes();
}

}  // namespace rangefinder::statistics
