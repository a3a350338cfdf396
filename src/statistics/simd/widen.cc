#include "statistics/simd/widen.h"

#include "tensor/half.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "statistics/simd/widen.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rangefinder::statistics::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// One vector. By integer arithmetic, because PromoteTo of Highway 1.0.3 turns infinities and NaN
/// into numbers on some instruction sets.
template <class D32, class V = hn::Vec<D32>>
HWY_INLINE V widen_bits(D32 d, V half) {
  const hn::RebindToSigned<D32> di;
  const hn::RebindToFloat<D32> df;
  const auto magnitude = hn::And(half, hn::Set(d, 0x7FFF));
  const auto exponent = hn::And(half, hn::Set(d, 0x7C00));
  const auto sign = hn::ShiftLeft<16>(hn::Xor(half, magnitude));
  // The exponent's bias grows from 15 to 127, and once more where it is all ones.
  const auto bias = hn::Set(d, 112u << 23);
  const auto normal = hn::Add(hn::ShiftLeft<13>(magnitude), bias);
  const auto special =
      hn::Add(normal, hn::IfThenElseZero(hn::Eq(exponent, hn::Set(d, 0x7C00)), bias));
  // Subnormals count units of 2^-24.
  const auto units = hn::ConvertTo(df, hn::BitCast(di, magnitude));
  const auto subnormal = hn::BitCast(d, hn::Mul(units, hn::Set(df, 0x1p-24f)));
  return hn::Or(sign, hn::IfThenElse(hn::Eq(exponent, hn::Zero(d)), subnormal, special));
}

/// Widens whole vectors only; returns how many values that were.
size_t widen(const uint16_t* HWY_RESTRICT values, size_t count, float* HWY_RESTRICT to) {
  const hn::ScalableTag<float> df;
  const hn::RebindToUnsigned<decltype(df)> d;
  const hn::Rebind<uint16_t, decltype(df)> d16;
  const size_t lanes = hn::Lanes(df);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto half = hn::PromoteTo(d, hn::LoadU(d16, values + i));
    hn::StoreU(hn::BitCast(df, widen_bits(d, half)), df, to + i);
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
