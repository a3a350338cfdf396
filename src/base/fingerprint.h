#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rangefinder {

/// FNV-1a, 64 bit: http://www.isthe.com/chongo/tech/comp/fnv. Tells data sets apart, does not
/// protect against an adversary.
class Fingerprint {
 public:
  /// Texts are told from their concatenation: "a", "b" is not "ab".
  void add(std::string_view text);
  void add_number(uint64_t number);

  uint64_t value() const { return state_; }
  /// 16 hex digits.
  std::string text() const;

 private:
  void add_byte(uint8_t byte) { state_ = (state_ ^ byte) * 0x100000001b3u; }

  uint64_t state_ = 0xcbf29ce484222325u;
};

}  // namespace rangefinder
