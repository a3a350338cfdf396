#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rangefinder::statistics::simd {

/// The most values one call of compress_keys() takes: their keys stay in the first-level cache.
inline constexpr size_t kBlockValues = 1024;
/// Room that the key buffer needs behind kBlockValues: whole vectors are stored.
inline constexpr size_t kKeyPadding = 64;

/// What one sweep over a block finds beside the keys. Float bits compared as integers tell the
/// extremes without a branch: `signed_max` is the largest value if any is non-negative,
/// `unsigned_max` the smallest if any is negative, `unsigned_min` serves when all have one sign.
struct BlockSummary {
  size_t key_count = 0;
  int32_t signed_max = INT32_MIN;
  uint32_t unsigned_max = 0;
  uint32_t unsigned_min = UINT32_MAX;

  /// No NaN and no infinity in the block.
  bool all_finite() const;
  /// Extremes of a finite, non-empty block; a zero may carry a sign.
  float min() const;
  float max() const;

  bool operator==(const BlockSummary&) const = default;
};

/// Writes the histogram keys (upper bits) of all values but zeros to `keys`, in order.
///
/// Zeros, more than half of what follows a Relu, thus cost no increment. Runs on the best
/// instruction set of the machine; the result is the same on each. `values` holds at most
/// kBlockValues, `keys` has room for kBlockValues + kKeyPadding; keys of NaN and infinity are
/// written as well, see BlockSummary::all_finite().
BlockSummary compress_keys(std::span<const float> values, uint32_t* keys);

/// The same as a plain loop, which the tests hold every instruction set against.
BlockSummary compress_keys_reference(std::span<const float> values, uint32_t* keys);

}  // namespace rangefinder::statistics::simd
