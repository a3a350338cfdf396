#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "statistics/simd/count_group.h"
#include "statistics/value_histogram.h"

namespace rangefinder::statistics::simd {

/// The most values one sweep takes: they and their keys stay in the first-level cache.
inline constexpr size_t kBlockValues = 2048;
/// Room that the key buffer needs behind kBlockValues: whole vectors are stored.
inline constexpr size_t kKeyPadding = 64;

/// What one sweep over a block finds beside the keys. Float bits compared as integers tell the
/// extremes without a branch: `signed_max` is the largest value if any is non-negative,
/// `unsigned_max` the smallest if any is negative, `unsigned_min` serves when all have one sign.
struct BlockSummary {
  /// Values but zeros.
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
BlockSummary compress_keys(std::span<const float> values, uint16_t* keys);

/// Adds one to counts[key] for the key of every value but zeros: what one would do with the keys of
/// compress_keys(), which it equals, in one go.
///
/// Faster by all that compressing takes where few values are zero, slower where many are: each is
/// counted and taken back. `counts` holds ValueHistogram::kKeyCount counters, none of which may
/// overflow for values.size() more but those of the zeros, which wrap around and back. Counters of
/// NaN and infinity are counted in as well.
BlockSummary count_keys(std::span<const float> values, KeyCount* counts);

/// The same as plain loops, which the tests hold every instruction set against.
BlockSummary compress_keys_reference(std::span<const float> values, uint16_t* keys);
BlockSummary count_keys_reference(std::span<const float> values, KeyCount* counts);

}  // namespace rangefinder::statistics::simd
