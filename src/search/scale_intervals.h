#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/split.h"
#include "statistics/row_top.h"

namespace rangefinder::search {

/// Scales strictly between two ends.
struct ScaleInterval {
  double low;
  double high;

  bool operator==(const ScaleInterval&) const = default;
};

/// The scales under which a quantizer tells `larger` from `smaller`: those with a border
/// (k - 1/2) * scale, k = 1 - codes_below .. codes_above, between them [isotone.md (2)].
/// Ascending, without overlap; the at most `most` ones of the smallest scales. Empty unless
/// smaller < larger.
std::vector<ScaleInterval> telling_scales(double larger, double smaller, Split split, size_t most);

/// The scales under which a row keeps its order: the intersection over its neighbours.
std::vector<ScaleInterval> keeping_scales(const statistics::RowTop::Row& row, Split split,
                                          size_t most);

/// Where most rows are kept, and how many.
struct Sweep {
  uint64_t kept_count = 0;
  /// Ascending; empty if no row can be kept.
  std::vector<ScaleInterval> intervals;
};

/// Cost: O(e log e) for e interval ends of all rows, at most 2^20.
Sweep sweep_rows(std::span<const statistics::RowTop::Row> rows, Split split);

}  // namespace rangefinder::search
