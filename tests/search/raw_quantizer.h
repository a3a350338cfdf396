#pragma once

#include <vector>

#include "quantization/affine.h"

namespace rangefinder::search {

/// What a runtime does to each value, as a plain loop: divide in float32, round half to even, add
/// the zero point, clip, restore. Mean squared error of that.
double raw_mean_squared_error(const std::vector<float>& values, const quantization::Grid& grid,
                              quantization::AffineParameters parameters);

/// The best parameters found on the raw values: a fine ladder of scales, on asymmetric grids with
/// every zero point.
quantization::AffineParameters best_by_brute_force(std::vector<float> values,
                                                   const quantization::Grid& grid);

}  // namespace rangefinder::search
