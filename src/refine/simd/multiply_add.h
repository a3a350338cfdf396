#pragma once

#include <cstddef>

namespace rangefinder::refine::simd {

/// Element (row, column) of a matrix is data[row * row_stride + column * column_stride].
struct MatrixView {
  const float* data;
  size_t row_stride;
  size_t column_stride;
};

/// Rows of neighbouring floats, each `stride` behind the one before.
struct Rows {
  float* data;
  size_t stride;
};

struct ProductSize {
  size_t rows;
  size_t columns;
  /// What each element of the result sums over.
  size_t depth;
};

/// c(m, n) += a(m, k) b(k, n) for k = 0, 1, ..., depth - 1. Each product and each sum is rounded to
/// float32 in this order, none is fused: the same bits on every instruction set, however a caller
/// cuts the work into pieces, as long as it keeps the order of k. On the calling thread.
/// `c` must not overlap `a` and `b`.
void multiply_add(MatrixView a, const float* b, size_t b_stride, Rows c, ProductSize size);

/// The same as a plain loop, which the tests hold every instruction set against.
void multiply_add_reference(MatrixView a, const float* b, size_t b_stride, Rows c,
                            ProductSize size);

}  // namespace rangefinder::refine::simd
