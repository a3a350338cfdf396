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

/// A tensor of those whose channels are divided alike, and what it is multiplied by.
struct SmoothedTensor {
  const statistics::ChannelSpread& spread;
  std::vector<ReadMatrix> matrices;
  FindParameters find;
};

struct SmoothingOptions {
  /// Less is no reason to touch a model.
  double least_gain_db = 0;
  /// Channels are raised to less than the largest one by so many octaves at least, for samples that
  /// nobody saw may go beyond what was seen. None: scales are rounded to the nearest power of two.
  std::optional<double> headroom = {};
  /// Values are bounded by it, before and after: no channel may be divided, and none multiplied
  /// beyond a quarter of it.
  std::optional<float> upper = {};
};

/// The smoothing with the least estimated error of the products, of some that are tried; none if
/// that gains too little over no smoothing, or if there is nothing to smooth.
///
/// Source: SmoothQuant, Xiao et al. 2022, arXiv:2211.10438, with powers of two as scales, so that
/// real values stay what they are bit for bit, and alpha chosen for each tensor by the error of its
/// products (docs/numerics/smoothing.md). A pure function; deterministic.
/// Throws std::invalid_argument unless all tensors have the same channels and their matrices a row
/// for each. Cost: ten times that of ProductError.
std::optional<Smoothing> choose_smoothing(std::span<const SmoothedTensor> tensors,
                                          const quantization::Grid& grid,
                                          const SmoothingOptions& options);

}  // namespace rangefinder::refine
