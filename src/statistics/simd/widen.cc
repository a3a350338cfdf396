#include "statistics/simd/widen.h"

#include "tensor/half.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "statistics/simd/widen.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rangefinder::statistics::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Widens whole vectors only; returns how many values that were.
size_t widen(const uint16_t* HWY_RESTRICT values, size_t count, float* HWY_RESTRICT to) {
  const hn::ScalableTag<float> df;
  const hn::Rebind<uint16_t, decltype(df)> d16;
  const hn::Rebind<hwy::float16_t, decltype(df)> dh;
  const size_t lanes = hn::Lanes(df);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto half = hn::BitCast(dh, hn::LoadU(d16, values + i));
    hn::StoreU(hn::PromoteTo(df, half), df, to + i);
  }
  return i;
}

}  // namespace rangefinder::statistics::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::statistics::simd {

HWY_EXPORT(widen);

void widen_float16(std::span<const uint16_t> values, float* to) {
  const size_t done = HWY_DYNAMIC_DISPATCH(widen)(values.data(), values.size(), to);
  widen_float16_reference(values.subspan(done), to + done);
}

void widen_float16_reference(std::span<const uint16_t> values, float* to) {
  for (const uint16_t value : values) *to++ = tensor::float16_to_float(value);
}

}  // namespace rangefinder::statistics::simd
#endif  // HWY_ONCE
