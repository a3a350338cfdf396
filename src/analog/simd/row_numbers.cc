#include "analog/simd/row_numbers.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analog/simd/row_numbers.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rangefinder::analog::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Number = hn::ScalableTag<uint64_t>;
using V = hn::Vec<Number>;

/// The lower 64 bits of a product.
HWY_INLINE V times(V a, uint64_t factor) {
  const Number d;
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  return hn::Mul(a, hn::Set(d, factor));
#elif HWY_TARGET == HWY_SCALAR
  return hn::Set(d, hn::GetLane(a) * factor);
#else
  // In halves: only AVX-512 multiplies 64 bits in Highway 1.0.3.
  const hn::Repartition<uint32_t, Number> d32;
  const auto low = hn::BitCast(d32, hn::Set(d, factor & 0xffffffffu));
  const auto high = hn::BitCast(d32, hn::Set(d, factor >> 32));
  const auto a_low = hn::BitCast(d32, a);
  const auto a_high = hn::BitCast(d32, hn::ShiftRight<32>(a));
  const auto cross = hn::Add(hn::MulEven(a_high, low), hn::MulEven(a_low, high));
  return hn::Add(hn::MulEven(a_low, low), hn::ShiftLeft<32>(cross));
#endif
}

HWY_INLINE V scrambled(V x) {
  const Number d;
  x = hn::Add(x, hn::Set(d, 0x9e3779b97f4a7c15u));
  x = times(hn::Xor(x, hn::ShiftRight<30>(x)), 0xbf58476d1ce4e5b9u);
  x = times(hn::Xor(x, hn::ShiftRight<27>(x)), 0x94d049bb133111ebu);
  return hn::Xor(x, hn::ShiftRight<31>(x));
}

size_t select(uint64_t base, uint64_t first, size_t count, uint64_t limit,
              uint64_t* HWY_RESTRICT numbers, uint32_t* HWY_RESTRICT offsets) {
  const Number d;
  const size_t lanes = hn::Lanes(d);
  const auto bits = hn::Set(d, base);
  const auto most = hn::Set(d, limit);
  size_t found = 0;
  for (size_t begin = 0; begin < count; begin += lanes) {
    const auto number = scrambled(hn::Xor(bits, hn::Iota(d, first + begin)));
    if (HWY_LIKELY(hn::AllTrue(d, hn::Gt(number, most)))) continue;
    HWY_ALIGN uint64_t some[hn::MaxLanes(d)];
    hn::Store(number, d, some);
    const size_t end = std::min(lanes, count - begin);
    for (size_t i = 0; i < end; ++i) {
      if (some[i] > limit) continue;
      numbers[found] = some[i];
      offsets[found++] = static_cast<uint32_t>(begin + i);
    }
  }
  return found;
}

}  // namespace rangefinder::analog::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::analog::simd {

HWY_EXPORT(select);

uint64_t scramble(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

size_t row_numbers(uint64_t base, uint64_t first, size_t count, uint64_t limit, uint64_t* numbers,
                   uint32_t* offsets) {
  return HWY_DYNAMIC_DISPATCH(select)(base, first, count, limit, numbers, offsets);
}

size_t row_numbers_reference(uint64_t base, uint64_t first, size_t count, uint64_t limit,
                             uint64_t* numbers, uint32_t* offsets) {
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t number = scramble(base ^ (first + i));
    if (number > limit) continue;
    numbers[found] = number;
    offsets[found++] = static_cast<uint32_t>(i);
  }
  return found;
}

}  // namespace rangefinder::analog::simd
#endif  // HWY_ONCE
