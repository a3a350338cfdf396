#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "quantization/affine.h"
#include "statistics/channel_spread.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::refine {

/// A constant matrix that a tensor is multiplied by: `rows` channels of the tensor, row-major.
struct ReadMatrix {
  std::vector<float> values = {};
  size_t rows = 0;
  size_t columns = 0;
  /// What rounding does to its mean output is put into a bias afterwards.
  bool is_mean_corrected = false;
};

/// Channel c of a tensor is divided by 2^exponents[c], row c of the matrices multiplied by it.
struct Smoothing {
  std::vector<int> exponents = {};
  /// How much of the channels' differences went into the matrices, 0 to 1.
  double alpha = 0;
  /// By how much the estimated error of the products falls.
  double gain_db = 0;
};

/// Which scale and zero point a tensor of such values gets.
using FindParameters =
    std::function<quantization::AffineParameters(const statistics::TensorStatistics& values)>;

/// The smoothing with the least estimated error of the products, of a range of alpha; none if that
/// gains less than `least_gain_db` over no smoothing, or if there is nothing to smooth.
///
/// Source: SmoothQuant, Xiao et al. 2022, arXiv:2211.10438, with powers of two as scales, so that
/// real values stay what they are bit for bit, and alpha chosen by equations (3) to (6) of
/// docs/numerics/smoothing.md. A pure function; deterministic.
/// Throws std::invalid_argument unless the matrices have a row for each channel.
/// Cost: for each alpha one call of `find`, a pass over the matrices and one over the counts.
std::optional<Smoothing> choose_smoothing(const statistics::ChannelSpread& spread,
                                          std::span<const ReadMatrix> matrices,
                                          const quantization::Grid& grid,
                                          const FindParameters& find, double least_gain_db);

/// What would have been counted of all channels together had each been divided by 2^exponents[c]:
/// extremes are exact, the values of a coarse bucket are spread evenly over it.
statistics::TensorStatistics smoothed_statistics(const statistics::ChannelSpread& spread,
                                                 std::span<const int> exponents);

}  // namespace rangefinder::refine
