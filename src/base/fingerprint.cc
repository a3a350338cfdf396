#include "base/fingerprint.h"

#include <fmt/format.h>

namespace rangefinder {

void Fingerprint::add(std::string_view text) {
  add_number(text.size());
  for (const char c : text) add_byte(static_cast<uint8_t>(c));
}

void Fingerprint::add_number(uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) add_byte(static_cast<uint8_t>(number >> shift));
}

std::string Fingerprint::text() const { return fmt::format("{:016x}", state_); }

}  // namespace rangefinder
