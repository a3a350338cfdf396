#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rangefinder::statistics {

/// What a kind of file begins with, and what messages call it.
struct EnvelopeKind {
  /// Eight bytes. Like PNG's: bytes that a text transfer, a seven-bit channel or an editor would
  /// not leave alone.
  std::string_view magic;
  /// "a statistics file"
  std::string_view called;
  /// "statistics"
  std::string_view content;
  /// Formats from 1 to this are known.
  uint32_t newest_format;
};

/// Bytes of a file around its content: magic, format, size of the whole, content, checksum.
std::string wrap(const EnvelopeKind& kind, uint32_t format, std::string_view content);

struct Unwrapped {
  uint32_t format;
  std::string_view content;
};

/// The inverse. Throws Error naming `file` and the reason: another kind of file, another format,
/// truncated, longer than it was written, damaged.
Unwrapped unwrap(const EnvelopeKind& kind, std::string_view bytes, const std::string& file);

}  // namespace rangefinder::statistics
