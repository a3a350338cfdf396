#pragma once

#include <optional>
#include <span>
#include <vector>

#include "refine/product_error.h"

namespace rangefinder::refine {

/// Channel c of a tensor is divided by 2^exponents[c], row c of the matrices multiplied by it.
struct Smoothing {
  std::vector<int> exponents = {};
  /// How much of the channels' differences went into the matrices, 0 to 1.
  double alpha = 0;
  /// By how much the estimated error of the products falls.
  double gain_db = 0;
};

/// The smoothing with the least estimated error of the products, of some that are tried; none if
/// that gains less than `least_gain_db` over no smoothing, or if there is nothing to smooth.
///
/// Source: SmoothQuant, Xiao et al. 2022, arXiv:2211.10438, with powers of two as scales, so that
/// real values stay what they are bit for bit, and alpha chosen for each tensor by the error of its
/// products (docs/numerics/smoothing.md). A pure function; deterministic.
/// Throws std::invalid_argument unless the matrices have a row for each channel.
/// Cost: ten times that of ProductError.
std::optional<Smoothing> choose_smoothing(const statistics::ChannelSpread& spread,
                                          std::span<const ReadMatrix> matrices,
                                          const quantization::Grid& grid,
                                          const FindParameters& find, double least_gain_db);

}  // namespace rangefinder::refine
