#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/extrema.h"

namespace rangefinder::statistics {

/// Histogram keys of one tensor that wait to be counted, in the order in which they were seen.
///
/// A run of few values is not worth emptying a table for, and counting it straight into the
/// tensor's histogram fetches that from far away; many runs together are worth it [counting.md].
/// Counter::count() fills a log, Counter::settle() counts what waits.
/// Cost: 128 KiB, all of it from the beginning, so that memory does not grow while counting.
class KeyLog {
 public:
  static constexpr size_t kCapacity = 65536;
  /// Longer runs pay for a table of their own.
  static constexpr size_t kLongestRun = 16384;

  bool has_room_for(size_t count) const { return count <= kCapacity - size_; }
  /// There must be room. `min` and `max` cover the values behind the keys.
  void append(std::span<const uint32_t> keys, float min, float max) {
    std::transform(keys.begin(), keys.end(), keys_.begin() + static_cast<std::ptrdiff_t>(size_),
                   [](uint32_t key) { return static_cast<uint16_t>(key); });
    size_ += keys.size();
    covered_.add_range(min, max);
  }

  std::span<const uint16_t> keys() const { return {keys_.data(), size_}; }
  /// Covers the values behind all keys.
  const Extrema& covered() const { return covered_; }
  void clear() {
    size_ = 0;
    covered_ = {};
  }

 private:
  std::vector<uint16_t> keys_ = std::vector<uint16_t>(kCapacity);
  size_t size_ = 0;
  Extrema covered_;
};

}  // namespace rangefinder::statistics
