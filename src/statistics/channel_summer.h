#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/channel_sums.h"

namespace rangefinder::statistics {

/// Memory order of a tensor whose channels are added up: [entries][rows][channels][inner], or with
/// a block [entries][ceil(channels / block)][inner][block] and one row. The lanes behind the last
/// channel are padding, not values.
struct SumLayout {
  /// Samples of a batch: each is added by itself.
  size_t entries = 1;
  size_t rows = 1;
  size_t channels = 1;
  size_t inner = 1;
  size_t block = 0;

  size_t stored_channels() const;
  size_t entry_size() const { return rows * stored_channels() * inner; }
};

/// Adds tensors up into ChannelSums at memory speed (simd/integer_sums.h): values become integers
/// of 23 bits beside the largest of the batch (docs/numerics/moments.md), so that a sum is the same
/// for every layout. Units are no smaller than 2^-123. Scratch memory for one thread at a time.
class ChannelSummer {
 public:
  /// `largest`: the largest |x| of the tensor, see largest(). A batch with values that are not
  /// finite is left out. Throws std::invalid_argument unless values and layout fit.
  void add(std::span<const float> values, const SumLayout& layout, float largest,
           ChannelSums& into);
  /// The largest |x|, padding left out; if any value is not finite, infinity or NaN.
  static float largest(std::span<const float> values, const SumLayout& layout);

 private:
  void sum_entry(std::span<const float> values, const SumLayout& layout, float factor);

  std::vector<int64_t> sums_;
};

}  // namespace rangefinder::statistics
