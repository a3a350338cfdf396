#include "refine/simd/multiply_add.h"

#include <algorithm>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "refine/simd/multiply_add.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// A product of matrices in the usual three levels: `a` is copied in quads of rows, `b` in panels of
// two vectors, both for kDepth steps, so that the inner loop reads memory in order, whatever the
// strides are (those that are powers of two would throw each other out of the cache). The inner
// loop keeps a tile of 4 rows and two vectors in registers. Where a tile hangs over the edge it is
// computed beside the result.

HWY_BEFORE_NAMESPACE();
namespace rangefinder::refine::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Float = hn::ScalableTag<float>;

constexpr size_t kQuad = 4;
constexpr size_t kDepth = 256;
constexpr size_t kRows = 64;

#if !HWY_HAVE_SCALABLE
constexpr size_t kLanes = hn::MaxLanes(Float());
constexpr size_t kPanel = 2 * kLanes;

/// Room for what is copied.
struct Scratch {
  float a[kRows * kDepth];
  float b[kPanel * kDepth];
};

/// c += a b, of kQuad rows and a panel.
HWY_INLINE void add_tile(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, size_t depth,
                         float* HWY_RESTRICT c, size_t stride) {
  const Float d;
  float* const c1 = c + stride;
  float* const c2 = c1 + stride;
  float* const c3 = c2 + stride;
  auto c00 = hn::LoadU(d, c), c01 = hn::LoadU(d, c + kLanes);
  auto c10 = hn::LoadU(d, c1), c11 = hn::LoadU(d, c1 + kLanes);
  auto c20 = hn::LoadU(d, c2), c21 = hn::LoadU(d, c2 + kLanes);
  auto c30 = hn::LoadU(d, c3), c31 = hn::LoadU(d, c3 + kLanes);
  for (size_t k = 0; k < depth; ++k, a += kQuad, b += kPanel) {
    const auto b0 = hn::LoadU(d, b);
    const auto b1 = hn::LoadU(d, b + kLanes);
    const auto a0 = hn::Set(d, a[0]);
    c00 = hn::Add(c00, hn::Mul(a0, b0));
    c01 = hn::Add(c01, hn::Mul(a0, b1));
    const auto a1 = hn::Set(d, a[1]);
    c10 = hn::Add(c10, hn::Mul(a1, b0));
    c11 = hn::Add(c11, hn::Mul(a1, b1));
    const auto a2 = hn::Set(d, a[2]);
    c20 = hn::Add(c20, hn::Mul(a2, b0));
    c21 = hn::Add(c21, hn::Mul(a2, b1));
    const auto a3 = hn::Set(d, a[3]);
    c30 = hn::Add(c30, hn::Mul(a3, b0));
    c31 = hn::Add(c31, hn::Mul(a3, b1));
  }
  hn::StoreU(c00, d, c), hn::StoreU(c01, d, c + kLanes);
  hn::StoreU(c10, d, c1), hn::StoreU(c11, d, c1 + kLanes);
  hn::StoreU(c20, d, c2), hn::StoreU(c21, d, c2 + kLanes);
  hn::StoreU(c30, d, c3), hn::StoreU(c31, d, c3 + kLanes);
}

/// The same of at most kQuad rows and at most a panel.
void add_edge(const float* a, const float* b, Rows c, ProductSize size) {
  float tile[kQuad * kPanel] = {};
  for (size_t m = 0; m < size.rows; ++m)
    std::copy_n(c.data + m * c.stride, size.columns, tile + m * kPanel);
  add_tile(a, b, size.depth, tile, kPanel);
  for (size_t m = 0; m < size.rows; ++m)
    std::copy_n(tile + m * kPanel, size.columns, c.data + m * c.stride);
}

/// Quads of rows, one behind the other: [quad][k][4], zeros where there is no row.
void copy_quads(MatrixView a, size_t rows, size_t depth, float* target) {
  for (size_t first = 0; first < rows; first += kQuad) {
    for (size_t k = 0; k < depth; ++k) {
      for (size_t m = first; m < first + kQuad; ++m)
        *target++ = m < rows ? a.data[m * a.row_stride + k * a.column_stride] : 0.0f;
    }
  }
}

/// [k][kPanel], zeros where there is no column.
void copy_panel(const float* b, size_t stride, size_t columns, size_t depth, float* target) {
  for (size_t k = 0; k < depth; ++k, target += kPanel) {
    std::copy_n(b + k * stride, columns, target);
    std::fill(target + columns, target + kPanel, 0.0f);
  }
}

/// All columns of at most kRows rows and kDepth steps.
void add_rows(MatrixView a, const float* b, size_t b_stride, Rows c, ProductSize size,
              Scratch& scratch) {
  copy_quads(a, size.rows, size.depth, scratch.a);
  for (size_t n = 0; n < size.columns; n += kPanel) {
    const size_t columns = std::min(kPanel, size.columns - n);
    copy_panel(b + n, b_stride, columns, size.depth, scratch.b);
    for (size_t m = 0; m < size.rows; m += kQuad) {
      const float* quad = scratch.a + m * size.depth;
      const size_t rows = std::min(kQuad, size.rows - m);
      const Rows tile{c.data + m * c.stride + n, c.stride};
      if (rows == kQuad && columns == kPanel) {
        add_tile(quad, scratch.b, size.depth, tile.data, tile.stride);
      } else {
        add_edge(quad, scratch.b, tile, {rows, columns, size.depth});
      }
    }
  }
}

void multiply_add(MatrixView a, const float* b, size_t b_stride, Rows c, ProductSize size) {
  thread_local std::vector<Scratch> scratch(1);
  for (size_t k = 0; k < size.depth; k += kDepth) {
    const size_t depth = std::min(kDepth, size.depth - k);
    for (size_t m = 0; m < size.rows; m += kRows) {
      const size_t rows = std::min(kRows, size.rows - m);
      const MatrixView part{a.data + m * a.row_stride + k * a.column_stride, a.row_stride,
                            a.column_stride};
      add_rows(part, b + k * b_stride, b_stride, {c.data + m * c.stride, c.stride},
               {rows, size.columns, depth}, scratch.front());
    }
  }
}
#else
// Vectors of a length that is not known when compiling: the plain loop.
void multiply_add(MatrixView a, const float* b, size_t b_stride, Rows c, ProductSize size) {
  multiply_add_reference(a, b, b_stride, c, size);
}
#endif

}  // namespace rangefinder::refine::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::refine::simd {

HWY_EXPORT(multiply_add);

void multiply_add(MatrixView a, const float* b, size_t b_stride, Rows c, ProductSize size) {
  HWY_DYNAMIC_DISPATCH(multiply_add)(a, b, b_stride, c, size);
}

void multiply_add_reference(MatrixView a, const float* b, size_t b_stride, Rows c,
                            ProductSize size) {
  for (size_t m = 0; m < size.rows; ++m) {
    for (size_t k = 0; k < size.depth; ++k) {
      const float factor = a.data[m * a.row_stride + k * a.column_stride];
      for (size_t n = 0; n < size.columns; ++n)
        c.data[m * c.stride + n] += factor * b[k * b_stride + n];
    }
  }
}

}  // namespace rangefinder::refine::simd
#endif  // HWY_ONCE
