#include "analog/simd/zero_positions.h"

#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analog/simd/zero_positions.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "analog/simd/doubled-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rangefinder::analog::simd::HWY_NAMESPACE {

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

/// Positions of one value: numbers [begin, end), one by one.
HWY_INLINE size_t append(const float* HWY_RESTRICT values, size_t begin, size_t end,
                         uint32_t* HWY_RESTRICT found, size_t count) {
  for (size_t i = begin; i < end; ++i) {
    found[count] = static_cast<uint32_t>(i);
    count += std::bit_cast<uint32_t>(values[i]) << 1 == 0 ? 1 : 0;
  }
  return count;
}

size_t of_values(const float* HWY_RESTRICT values, size_t positions, uint32_t* HWY_RESTRICT found) {
  const Bits d;
  const size_t step = 4 * hn::Lanes(d);
  size_t count = 0;
  size_t i = 0;
  for (; i + step <= positions; i += step) {
    const float* at = values + i;
    const auto least = hn::Min(hn::Min(doubled(at), doubled(at + step / 4)),
                               hn::Min(doubled(at + step / 2), doubled(at + step / 2 + step / 4)));
    if (hn::AllFalse(d, hn::Eq(least, hn::Zero(d)))) continue;
    count = append(values, i, i + step, found, count);
  }
  return append(values, i, positions, found, count);
}

size_t vector_lanes() { return hn::Lanes(Bits()); }

}  // namespace rangefinder::analog::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::analog::simd {

HWY_EXPORT(of_vectors);
HWY_EXPORT(of_values);
HWY_EXPORT(vector_lanes);

size_t zero_positions(std::span<const float> values, size_t lanes, uint32_t* found) {
  if (lanes == 1) return HWY_DYNAMIC_DISPATCH(of_values)(values.data(), values.size(), found);
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
