#pragma once

#include <cstddef>
#include <cstdint>

namespace rangefinder::refine::simd {

/// Columns of a panel.
inline constexpr size_t kPanelColumns = 16;

/// A panel holds kPanelColumns columns of a matrix of small integers, [pair of rows][column]: an
/// element has the values of both rows, the first in its lower 16 bits.
inline int32_t row_pair(int first, int second) {
  return static_cast<int32_t>(static_cast<uint32_t>(first & 0xFFFF) | static_cast<uint32_t>(second)
                                                                          << 16);
}

/// c(i, j) += the sum over all rows of left(row, i) right(row, j), for the columns i and j of two
/// panels of `pairs` pairs of rows; row i of `c` is at c + i * stride. Exact, if no sum leaves 32
/// bits. On the calling thread.
void add_pair_products(const int32_t* left, const int32_t* right, size_t pairs, int32_t* c,
                       size_t stride);

/// The same as a plain loop, which the tests hold every instruction set against.
void add_pair_products_reference(const int32_t* left, const int32_t* right, size_t pairs,
                                 int32_t* c, size_t stride);

}  // namespace rangefinder::refine::simd
