#pragma once

#include <cstdint>

#include "search/bucket_sums.h"
#include "search/split.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::search {

/// Kullback-Leibler divergence between the values and what is left of them after quantization
/// [kl.md (1)-(8)].
///
/// P is the distribution of the non-zero values over the histogram's buckets, what is clipped
/// added to the outermost codes. Q knows the share of each code among the values that are not
/// clipped, and spreads it evenly over the non-empty buckets of the code's cell. By the chain rule
/// that is one term per cell and one per clipped end, whatever the buckets' widths. What chance
/// adds to the terms is taken off, so that a few thousand values do for any bit width.
/// Zeros are restored exactly by every parameters, and left out.
/// Cost: O(min(codes, 32)) for a scale and split.
class Divergence {
 public:
  /// More than this share of the non-zero values is never clipped: Q does not know the clipped
  /// values, and would resemble P again once nearly all are.
  static constexpr double kMostClipped = 0.25;

  /// At least one value must not be zero. `step_count` decides how the cells are summed: one by
  /// one on grids of up to 5 bits, else by expansion but for the cells around zero.
  Divergence(const statistics::TensorStatistics& statistics, int64_t step_count);

  struct Result {
    Split split;
    double divergence;
  };
  /// In nats; infinite if more than kMostClipped is clipped. May be negative by as much as chance
  /// makes it differ from what it is expected to be.
  double operator()(double scale, Split split) const;
  /// The best split of all step_count codes: all splits that waste no code if these are few, else
  /// from coarse to fine. A side without values gets no code, one whose values do not all round to
  /// zero at least one.
  Result best_split(double scale) const;
  /// Share of the non-zero values beyond the outermost cells.
  double clipped_share(double scale, Split split) const;

  const BucketSums& above() const { return above_; }
  const BucketSums& below() const { return below_; }

 private:
  class Cells;
  double total(const Cells& cells, Split split) const;

  int64_t step_count_;
  int64_t single_cells_;
  BucketSums above_;
  BucketSums below_;
  double count_;
};

}  // namespace rangefinder::search
