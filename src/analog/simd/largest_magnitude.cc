#include "analog/simd/largest_magnitude.h"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analog/simd/largest_magnitude.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "analog/simd/doubled-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rangefinder::analog::simd::HWY_NAMESPACE {

/// At least one vector.
uint32_t largest(const float* HWY_RESTRICT values, size_t count) {
  const Bits d;
  const size_t lanes = hn::Lanes(d);
  auto a = hn::Zero(d);
  auto b = a;
  size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    const float* at = values + i;
    a = hn::Max(a, hn::Max(doubled(at), doubled(at + lanes)));
    b = hn::Max(b, hn::Max(doubled(at + 2 * lanes), doubled(at + 3 * lanes)));
  }
  for (; i + lanes <= count; i += lanes) a = hn::Max(a, doubled(values + i));
  // A value seen twice does not make the maximum any larger.
  b = hn::Max(b, doubled(values + count - lanes));
  return hn::GetLane(hn::MaxOfLanes(d, hn::Max(a, b))) >> 1;
}

size_t lane_count() { return hn::Lanes(Bits()); }

}  // namespace rangefinder::analog::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::analog::simd {

HWY_EXPORT(largest);
HWY_EXPORT(lane_count);

uint32_t largest_magnitude(std::span<const float> values) {
  if (values.size() < HWY_DYNAMIC_DISPATCH(lane_count)()) {
    return largest_magnitude_reference(values);
  }
  return HWY_DYNAMIC_DISPATCH(largest)(values.data(), values.size());
}

uint32_t largest_magnitude_reference(std::span<const float> values) {
  uint32_t result = 0;
  for (const float value : values) {
    result = std::max(result, std::bit_cast<uint32_t>(value) & 0x7fffffffu);
  }
  return result;
}

}  // namespace rangefinder::analog::simd
#endif  // HWY_ONCE
