#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "quantization/affine.h"
#include "statistics/row_top.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::search {

/// Parameters that keep the order of rows, and how many rows keep it under them.
struct Isotone {
  quantization::AffineParameters parameters;
  uint64_t row_count;
  uint64_t kept_count;

  /// 1 if there are no rows.
  double kept_share() const {
    return row_count == 0 ? 1 : static_cast<double>(kept_count) / static_cast<double>(row_count);
  }
  bool operator==(const Isotone&) const = default;
};

/// Whether each value of a row gets a larger code than the next, by the runtime's own arithmetic:
/// divide in float32, round half to even, add the zero point, clip. A row that is known by bounds
/// counts as kept only if it is for certain. Rows with equal values are never kept.
bool keeps_order(const statistics::RowTop::Row& row, quantization::AffineParameters parameters,
                 const quantization::Grid& grid);

/// The parameters under which most rows keep their order (two values: their arg-max), and among
/// those the ones with the least mean squared error.
///
/// Source: PPQ's isotone observer, made exact: two values are told apart where a rounding border of
/// a code that is not clipped lies between them, which gives each row a union of scale intervals;
/// a sweep over all of them finds the scales that keep most rows [isotone.md (1)-(4)].
/// Cost: O(e log e) for e interval ends, a few for most rows, together at most 2^20.
/// Guarantee: no scale keeps more rows at the zero points tried (up to rows that differ by less
/// than a border's rounding); on an asymmetric grid those are the ones that mse would take at
/// eight scales and the lowest. The error is the least of 16 points in each of the 64 best
/// intervals nearest the scale of mse.
/// If no row can be kept, the parameters are those of mse. All zeros and no rows: as mse.
/// Empty if no finite value was seen. Throws std::invalid_argument on a bad grid.
std::optional<Isotone> isotone(const statistics::TensorStatistics& statistics,
                               std::span<const statistics::RowTop::Row> rows,
                               const quantization::Grid& grid);

}  // namespace rangefinder::search
