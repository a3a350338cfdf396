#include "statistics/envelope.h"

#include <fmt/format.h>

#include "base/error.h"
#include "statistics/wire.h"

namespace rangefinder::statistics {
namespace {

/// Magic, format, size of the whole file.
constexpr size_t kHeadBytes = 8 + 4 + 8;
constexpr size_t kChecksumBytes = 8;

std::string known_formats(const EnvelopeKind& kind) {
  return kind.newest_format == 1 ? "1" : fmt::format("1 to {}", kind.newest_format);
}

}  // namespace

std::string wrap(const EnvelopeKind& kind, uint32_t format, std::string_view content) {
  WireWriter head;
  head.u32(format);
  head.u64(kHeadBytes + content.size() + kChecksumBytes);
  std::string bytes;
  bytes.reserve(kHeadBytes + content.size() + kChecksumBytes);
  bytes.append(kind.magic).append(head.bytes()).append(content);
  WireWriter tail;
  tail.u64(checksum(bytes));
  return bytes.append(tail.bytes());
}

Unwrapped unwrap(const EnvelopeKind& kind, std::string_view bytes, const std::string& file) {
  const Error::Place place{.file = file};
  if (!bytes.starts_with(kind.magic)) {
    throw Error(kind.magic.starts_with(bytes)
                    ? fmt::format("is empty or truncated: no {}", kind.content)
                    : fmt::format("is not {}", kind.called),
                place);
  }
  if (bytes.size() < kHeadBytes + kChecksumBytes) throw Error("is truncated in its head", place);
  WireReader head(bytes.substr(kind.magic.size(), kHeadBytes - kind.magic.size()), file);
  const uint32_t format = head.u32();
  if (format == 0 || format > kind.newest_format) {
    throw Error(
        fmt::format("is {} of format {}, allowed is {}", kind.called, format, known_formats(kind)),
        place);
  }
  const uint64_t size = head.u64();
  if (bytes.size() != size) {
    throw Error(fmt::format("is {}: {} bytes, its head says {}",
                            bytes.size() < size ? "truncated" : "longer than it was written",
                            bytes.size(), size),
                place);
  }
  const size_t end = bytes.size() - kChecksumBytes;
  if (WireReader(bytes.substr(end), file).u64() != checksum(bytes.substr(0, end))) {
    throw Error("is damaged: its checksum does not fit", place);
  }
  return {format, bytes.substr(kHeadBytes, end - kHeadBytes)};
}

}  // namespace rangefinder::statistics
