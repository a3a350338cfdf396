#pragma once

#include <optional>

#include "quantization/affine.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::search {

/// Mean of all finite values and their standard deviation about a centre, the population's (divided
/// by the count), as the counts tell it [standard_deviation.md (1)-(2)].
struct Spread {
  double mean;
  double deviation_from_mean;
  double deviation_from_zero;

  bool operator==(const Spread&) const = default;
};

/// Cost: O(buckets); two passes, no difference of squares.
/// Guarantee: the mean is off by at most 2^-(kMantissaBits + 1) of the mean of |x|; exact for
/// constants. Empty if no finite value was seen.
std::optional<Spread> spread(const statistics::TensorStatistics& statistics);

/// alpha standard deviations around the mean, or if `symmetric` around zero (then the deviation
/// from zero counts), cut to the smallest and largest value seen: codes beyond them are wasted.
/// Empty if no finite value was seen. Throws std::invalid_argument unless alpha > 0 is finite.
std::optional<quantization::Range> standard_deviation_range(
    const statistics::TensorStatistics& statistics, double alpha, bool symmetric);

/// Parameters that span standard_deviation_range(). All zeros: scale 1.
std::optional<quantization::AffineParameters> standard_deviation(
    const statistics::TensorStatistics& statistics, const quantization::Grid& grid, double alpha);

}  // namespace rangefinder::search
