#include "analog/simd/collect_above.h"

#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analog/simd/collect_above.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "analog/simd/doubled-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rangefinder::analog::simd::HWY_NAMESPACE {

/// Numbers [begin, end), one by one: without a branch, because where one value is above the
/// threshold others are.
HWY_INLINE size_t append(const float* HWY_RESTRICT values, size_t begin, size_t end,
                         uint32_t threshold, uint32_t* HWY_RESTRICT indices, size_t found) {
  for (size_t i = begin; i < end; ++i) {
    indices[found] = static_cast<uint32_t>(i);
    found += (std::bit_cast<uint32_t>(values[i]) & 0x7fffffffu) > threshold ? 1 : 0;
  }
  return found;
}

size_t collect(const float* HWY_RESTRICT values, size_t count, uint32_t threshold,
               uint32_t* HWY_RESTRICT indices) {
  const Bits d;
  const size_t lanes = hn::Lanes(d);
  const auto limit = hn::Set(d, threshold << 1);
  size_t found = 0;
  size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    const float* at = values + i;
    const auto largest = hn::Max(hn::Max(doubled(at), doubled(at + lanes)),
                                 hn::Max(doubled(at + 2 * lanes), doubled(at + 3 * lanes)));
    // "x is above the limit" is written as "max(x, limit) is not the limit": some instruction sets
    // cannot compare unsigned integers.
    if (hn::AllTrue(d, hn::Eq(hn::Max(largest, limit), limit))) continue;
    for (size_t j = i; j < i + 4 * lanes; j += lanes) {
      if (hn::AllTrue(d, hn::Eq(hn::Max(doubled(values + j), limit), limit))) continue;
      found = append(values, j, j + lanes, threshold, indices, found);
    }
  }
  return append(values, i, count, threshold, indices, found);
}

}  // namespace rangefinder::analog::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::analog::simd {

HWY_EXPORT(collect);

size_t collect_above(std::span<const float> values, uint32_t threshold, uint32_t* indices) {
  return HWY_DYNAMIC_DISPATCH(collect)(values.data(), values.size(), threshold, indices);
}

size_t collect_above_reference(std::span<const float> values, uint32_t threshold,
                               uint32_t* indices) {
  size_t found = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const uint32_t bits = std::bit_cast<uint32_t>(values[i]) & 0x7fffffffu;
    if (bits > threshold) indices[found++] = static_cast<uint32_t>(i);
  }
  return found;
}

}  // namespace rangefinder::analog::simd
#endif  // HWY_ONCE
