#pragma once

#include <optional>

#include "quantization/affine.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::search {

/// The order statistic at rank q * (count - 1), linear between ranks (numpy's default), of all
/// finite values seen, zeros included [percentile.md (1)-(3)].
///
/// Cost: O(buckets).
/// Guarantee: off by at most 2^-kMantissaBits of the larger of the two neighbouring order
/// statistics' magnitudes; exact at q = 0 and q = 1, on constant data and up to two values.
/// Empty if no finite value was seen. Throws std::invalid_argument unless 0 <= q <= 1.
std::optional<double> quantile(const statistics::TensorStatistics& statistics, double q);

/// The same of |x|.
std::optional<double> absolute_quantile(const statistics::TensorStatistics& statistics, double q);

/// What a percentile keeps: [quantile(1 - p), quantile(p)], and if `symmetric` the p-quantile r of
/// |x| as [-r, r].
///
/// Where both ends are 0 though something else was seen (a tensor with a share below 1 - p of
/// non-zeros) the percentile is that of the non-zero values: a range of one point has no scale.
/// p = 1 gives the exact extremes. Empty if no finite value was seen.
/// Throws std::invalid_argument unless 0 < p <= 1; below 0.5 the ends are swapped into order.
std::optional<quantization::Range> percentile_range(const statistics::TensorStatistics& statistics,
                                                    double percentile, bool symmetric);

/// Percentile calibration: McKinstry et al. 2018 (arXiv:1809.04191), Wu et al. 2020
/// (arXiv:2004.09602). Parameters that span percentile_range().
std::optional<quantization::AffineParameters> percentile(
    const statistics::TensorStatistics& statistics, const quantization::Grid& grid,
    double percentile);

}  // namespace rangefinder::search
