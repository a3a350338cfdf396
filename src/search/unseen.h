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
/// exponentially: as far as clipping them would cost more than wider steps do. Nothing on a side
/// without values, where the outermost values are all the same (a clip made them), and altogether
/// above kFewValues finite values or below kLeastValues. At most the width of what was seen.
/// Cost: O(buckets). Throws std::invalid_argument on a bad grid.
Room room_for_unseen(const statistics::TensorStatistics& statistics,
                     const quantization::Grid& grid);

}  // namespace rangefinder::search
