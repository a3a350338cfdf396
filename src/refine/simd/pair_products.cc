#include "refine/simd/pair_products.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "refine/simd/pair_products.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Integer products of columns. x86-64 multiplies two pairs of 16 bits and adds them up in one
// instruction, which makes this twice as fast as float32 and exact besides: sums may be taken in
// any order. A tile of 4 rows and two vectors of the result stays in registers.

HWY_BEFORE_NAMESPACE();
namespace rangefinder::refine::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if !HWY_HAVE_SCALABLE
using Int = hn::CappedTag<int32_t, kPanelColumns>;
using V = hn::Vec<Int>;
constexpr size_t kLanes = hn::MaxLanes(Int());
/// Vectors of a tile.
constexpr size_t kVectors = kLanes == kPanelColumns ? 1 : 2;
constexpr size_t kQuad = 4;

/// sum + the products of both halves of each element.
HWY_INLINE V add_products(V sum, V left, V right) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
  const hn::Repartition<int16_t, Int> d;
  V unused = sum;
  return hn::ReorderWidenMulAccumulate(Int(), hn::BitCast(d, left), hn::BitCast(d, right), sum,
                                       unused);
#else
  const auto low = [](V pair) { return hn::ShiftRight<16>(hn::ShiftLeft<16>(pair)); };
  const auto high = [](V pair) { return hn::ShiftRight<16>(pair); };
  return hn::Add(hn::Add(sum, hn::Mul(low(left), low(right))), hn::Mul(high(left), high(right)));
#endif
}

/// Four rows of the result, from `left` on, and kVectors vectors, from `right` on.
HWY_INLINE void add_tile(const int32_t* HWY_RESTRICT left, const int32_t* HWY_RESTRICT right,
                         size_t pairs, int32_t* HWY_RESTRICT c, size_t stride) {
  const Int d;
  V sums[kQuad][kVectors];
  HWY_UNROLL(4)
  for (size_t i = 0; i < kQuad; ++i) {
    HWY_UNROLL(2)
    for (size_t j = 0; j < kVectors; ++j) sums[i][j] = hn::LoadU(d, c + i * stride + j * kLanes);
  }
  for (size_t k = 0; k < pairs; ++k, left += kPanelColumns, right += kPanelColumns) {
    V columns[kVectors];
    HWY_UNROLL(2)
    for (size_t j = 0; j < kVectors; ++j) columns[j] = hn::LoadU(d, right + j * kLanes);
    HWY_UNROLL(4)
    for (size_t i = 0; i < kQuad; ++i) {
      const V row = hn::Set(d, left[i]);
      HWY_UNROLL(2)
      for (size_t j = 0; j < kVectors; ++j) sums[i][j] = add_products(sums[i][j], row, columns[j]);
    }
  }
  HWY_UNROLL(4)
  for (size_t i = 0; i < kQuad; ++i) {
    HWY_UNROLL(2)
    for (size_t j = 0; j < kVectors; ++j) hn::StoreU(sums[i][j], d, c + i * stride + j * kLanes);
  }
}

void add_pair_products(const int32_t* left, const int32_t* right, size_t pairs, int32_t* c,
                       size_t stride) {
  for (size_t i = 0; i < kPanelColumns; i += kQuad) {
    for (size_t j = 0; j < kPanelColumns; j += kVectors * kLanes)
      add_tile(left + i, right + j, pairs, c + i * stride + j, stride);
  }
}
#else
// Vectors of a length that is not known when compiling: the plain loop.
void add_pair_products(const int32_t* left, const int32_t* right, size_t pairs, int32_t* c,
                       size_t stride) {
  add_pair_products_reference(left, right, pairs, c, stride);
}
#endif

}  // namespace rangefinder::refine::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::refine::simd {

HWY_EXPORT(add_pair_products);

void add_pair_products(const int32_t* left, const int32_t* right, size_t pairs, int32_t* c,
                       size_t stride) {
  if (pairs == 0) return;
  HWY_DYNAMIC_DISPATCH(add_pair_products)(left, right, pairs, c, stride);
}

void add_pair_products_reference(const int32_t* left, const int32_t* right, size_t pairs,
                                 int32_t* c, size_t stride) {
  const auto low = [](int32_t pair) { return static_cast<int16_t>(pair & 0xFFFF); };
  const auto high = [](int32_t pair) { return static_cast<int16_t>(pair >> 16); };
  for (size_t k = 0; k < pairs; ++k, left += kPanelColumns, right += kPanelColumns) {
    for (size_t i = 0; i < kPanelColumns; ++i) {
      for (size_t j = 0; j < kPanelColumns; ++j) {
        c[i * stride + j] += low(left[i]) * low(right[j]) + high(left[i]) * high(right[j]);
      }
    }
  }
}

}  // namespace rangefinder::refine::simd
#endif  // HWY_ONCE
