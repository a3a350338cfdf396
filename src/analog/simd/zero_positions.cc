#include "analog/simd/zero_positions.h"

#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analog/simd/zero_positions.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rangefinder::analog::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Bits = hn::ScalableTag<uint32_t>;

/// Twice the bits: 0 for zero of either sign, also where a thread treats subnormals as zero.
HWY_INLINE hn::Vec<Bits> doubled(const float* HWY_RESTRICT values) {
  const auto bits = hn::BitCast(Bits(), hn::LoadU(hn::ScalableTag<float>(), values));
  return hn::Add(bits, bits);
}

/// Positions of whole vectors.
size_t of_vectors(const float* HWY_RESTRICT values, size_t positions, size_t lanes,
                  uint32_t* HWY_RESTRICT found) {
  const Bits d;
  size_t count = 0;
  for (size_t position = 0; position < positions; ++position) {
    const float* at = values + position * lanes;
    auto any = doubled(at);
    for (size_t i = hn::Lanes(d); i < lanes; i += hn::Lanes(d)) any = hn::Or(any, doubled(at + i));
    if (HWY_UNLIKELY(hn::AllTrue(d, hn::Eq(any, hn::Zero(d))))) {
      found[count++] = static_cast<uint32_t>(position);
    }
  }
  return count;
}

size_t vector_lanes() { return hn::Lanes(Bits()); }

}  // namespace rangefinder::analog::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::analog::simd {

HWY_EXPORT(of_vectors);
HWY_EXPORT(vector_lanes);

size_t zero_positions(std::span<const float> values, size_t lanes, uint32_t* found) {
  if (lanes % HWY_DYNAMIC_DISPATCH(vector_lanes)() != 0) {
    return zero_positions_reference(values, lanes, found);
  }
  return HWY_DYNAMIC_DISPATCH(of_vectors)(values.data(), values.size() / lanes, lanes, found);
}

size_t zero_positions_reference(std::span<const float> values, size_t lanes, uint32_t* found) {
  size_t count = 0;
  for (size_t begin = 0; begin + lanes <= values.size(); begin += lanes) {
    uint32_t any = 0;
    for (size_t i = begin; i < begin + lanes; ++i) any |= std::bit_cast<uint32_t>(values[i]) << 1;
    found[count] = static_cast<uint32_t>(begin / lanes);
    count += any == 0 ? 1 : 0;
  }
  return count;
}

}  // namespace rangefinder::analog::simd
#endif  // HWY_ONCE
