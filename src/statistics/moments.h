#pragma once

#include <optional>

#include "statistics/tensor_statistics.h"

namespace rangefinder::statistics {

/// Mean and spread of the finite values, each with a bound on how far it can be from the truth.
struct Moments {
  double mean;
  /// Population standard deviation (divided by the count, not by count - 1).
  double standard_deviation;
  /// |mean - true mean| and |standard_deviation - true one| are at most this.
  double error_bound;

  bool operator==(const Moments&) const = default;
};

/// From the counts alone: every value stands at the middle of its bucket's part inside
/// [min, max], at most 2^-(kMantissaBits + 1) of its size away. Thus the errors are at most
/// 2^-(kMantissaBits + 1) times the root mean square (docs/numerics/moments.md), and the figures
/// depend on the multiset of values alone. Central sums, compensated. Constant data gives exactly
/// its value and 0. Empty if there is no finite value.
/// Cost: two passes over the buckets.
std::optional<Moments> moments(const TensorStatistics& statistics);

}  // namespace rangefinder::statistics
