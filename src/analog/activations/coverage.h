#pragma once

#include <cstdint>
#include <vector>

#include "analog/activations/patch_geometry.h"
#include "analog/hardware/tiles.h"

namespace rangefinder::analog {

/// How often the elements of neighbouring channels occur in some columns of the patch matrix of
/// one sample: the weights are the same for every channel of the block.
struct CoverageBlock {
  /// First element of the first channel that occurs at all.
  int64_t offset = 0;
  /// Channels, and the distance from one to the next.
  int64_t channels = 1;
  int64_t channel_stride = 0;
  /// Consecutive elements of a channel, from its first that occurs to its last.
  int64_t length = 0;
  /// Occurrences of every element if they are all the same; otherwise 0, and see `weights`.
  uint32_t uniform = 0;
  /// Occurrences of each of `length` elements; empty if uniform.
  std::vector<uint32_t> weights = {};

  bool operator==(const CoverageBlock&) const = default;
};

/// The elements of one sample that occur in the given columns of its patch matrix, with their
/// number of occurrences. Padding zeros are not listed: they are what is missing.
///
/// An element occurs once for every kernel position and window that meet on it. Over a box of
/// kernel positions that number is a product of one factor per axis, so it costs O(axis length *
/// kernel length) to find and no patch is ever built (docs/numerics/analog.md (12)-(14)). Columns
/// that cut through a channel's kernel are split into at most five boxes.
std::vector<CoverageBlock> column_coverage(const PatchGeometry& geometry, ColumnRange columns);

}  // namespace rangefinder::analog
