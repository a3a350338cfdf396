#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analog/activations/patch_geometry.h"

namespace rangefinder::analog {

/// Counts windows whose elements are all exactly zero, over all channels, padding included: rows
/// that calibration drops. -0 is zero, NaN is not.
///
/// Each channel is looked at where all channels before were zero, which is hardly anywhere after
/// the first ones; where something is left, windows over the marks are taken axis by axis. O(plane)
/// on dense data, O(elements + plane * kernel lengths) at worst.
class ZeroWindows {
 public:
  /// Channels lie in memory as [ceil(channels / channel_block)][plane][channel_block].
  explicit ZeroWindows(const PatchGeometry& geometry, int64_t channel_block = 1);

  /// Of `samples`, one behind the other, stored_size() each.
  int64_t count(std::span<const float> samples) const;

 private:
  /// Positions at which all channels of the sample are zero.
  void find_zeros(std::span<const float> sample, std::vector<uint32_t>& positions) const;
  int64_t count_over(const std::vector<uint32_t>& zero_positions) const;

  PatchGeometry geometry_;
  size_t channel_block_;
  bool is_linear_;
  /// Windows that see nothing but padding.
  int64_t padding_windows_;
};

}  // namespace rangefinder::analog
