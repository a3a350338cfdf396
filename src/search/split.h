#pragma once

#include <cstdint>

#include "quantization/affine.h"

namespace rangefinder::search {

/// Codes on either side of the zero point: what a zero point means to a search.
struct Split {
  int64_t codes_above = 0;
  int64_t codes_below = 0;

  bool operator==(const Split&) const = default;
};

/// Of a symmetric grid, whose zero point is fixed.
inline Split symmetric_split(const quantization::Grid& grid) {
  const int64_t middle = quantization::symmetric_zero_point(grid);
  return {grid.quant_max - middle, middle - grid.quant_min};
}

inline int32_t zero_point_of(Split split, const quantization::Grid& grid) {
  return static_cast<int32_t>(grid.quant_min + split.codes_below);
}

}  // namespace rangefinder::search
