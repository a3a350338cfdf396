#include "analog/simd/row_numbers.h"

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

/// Whole vectors only; returns how many numbers that were.
size_t numbers_of(uint64_t base, uint64_t first, uint64_t* HWY_RESTRICT numbers, size_t count) {
  const Number d;
  const size_t lanes = hn::Lanes(d);
  const auto bits = hn::Set(d, base);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto row = hn::Iota(d, first + i);
    auto x = hn::Add(hn::Xor(bits, row), hn::Set(d, 0x9e3779b97f4a7c15u));
    x = times(hn::Xor(x, hn::ShiftRight<30>(x)), 0xbf58476d1ce4e5b9u);
    x = times(hn::Xor(x, hn::ShiftRight<27>(x)), 0x94d049bb133111ebu);
    hn::StoreU(hn::Xor(x, hn::ShiftRight<31>(x)), d, numbers + i);
  }
  return i;
}

}  // namespace rangefinder::analog::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::analog::simd {

HWY_EXPORT(numbers_of);

uint64_t scramble(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

void row_numbers(uint64_t base, uint64_t first, std::span<uint64_t> numbers) {
  const size_t done = HWY_DYNAMIC_DISPATCH(numbers_of)(base, first, numbers.data(), numbers.size());
  row_numbers_reference(base, first + done, numbers.subspan(done));
}

void row_numbers_reference(uint64_t base, uint64_t first, std::span<uint64_t> numbers) {
  for (uint64_t& number : numbers) number = scramble(base ^ first++);
}

}  // namespace rangefinder::analog::simd
#endif  // HWY_ONCE
