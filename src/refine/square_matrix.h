#pragma once

#include <cstddef>
#include <vector>

namespace rangefinder::refine {

/// size x size values, row by row. Where it says lower triangle, what lies above the diagonal is
/// neither read nor promised.
struct SquareMatrix {
  explicit SquareMatrix(size_t n) : size(n), values(n * n) {}

  float* row(size_t i) { return values.data() + i * size; }
  const float* row(size_t i) const { return values.data() + i * size; }

  size_t size;
  std::vector<float> values;
};

}  // namespace rangefinder::refine
