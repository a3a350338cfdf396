#pragma once

#include <optional>

#include "quantization/affine.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::search {

/// Up to so many values are few: more of them show where a distribution ends.
inline constexpr uint64_t kFewValues = 4096;
/// Fewer tell nothing of a tail.
inline constexpr uint64_t kLeastValues = 16;

/// How far to go beyond the largest of few values seen, at either side, so that values not seen yet
/// are hardly clipped [docs/numerics/unseen.md].
struct Room {
  double below = 0;
  double above = 0;

  bool operator==(const Room&) const = default;
};

/// The room with the smallest expected squared error of values not seen yet, if the tail goes on
/// exponentially: as far as clipping them would cost more than wider steps do; at most the width of
/// what was seen. None on a side without values, nor where the outermost values are all the same (a
/// clip made them); none at all above kFewValues finite values, below kLeastValues, and where the
/// grid restores exactly what was seen (values on a lattice, which others will be on, too).
/// Cost: O(buckets). Throws std::invalid_argument on a bad grid.
Room room_for_unseen(const statistics::TensorStatistics& statistics,
                     const quantization::Grid& grid);

}  // namespace rangefinder::search
