#pragma once

#include <cstdint>

namespace rangefinder::statistics {

/// Exact smallest and largest finite value, and how many values were not finite.
///
/// The state depends on the multiset of values alone; merge() is exact. Values are compared by
/// their bits, so a thread that treats subnormals as zero gets the same result.
struct Extrema {
  /// +infinity and -infinity while nothing finite was seen.
  float min = __builtin_inff();
  float max = -__builtin_inff();
  uint64_t nan_count = 0;
  uint64_t positive_infinity_count = 0;
  uint64_t negative_infinity_count = 0;

  void add(float value);
  /// Widens the range to hold two finite values that were seen, low <= high.
  void add_range(float low, float high);
  void merge(const Extrema& other);
  /// True once a finite value was seen.
  bool has_range() const { return min <= max; }
  uint64_t infinity_count() const { return positive_infinity_count + negative_infinity_count; }

  bool operator==(const Extrema&) const = default;
};

}  // namespace rangefinder::statistics
