#include "analog/simd/copy_above.h"

#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analog/simd/copy_above.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "analog/simd/doubled-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rangefinder::analog::simd::HWY_NAMESPACE {

/// From value `read` on, behind the `kept` first.
HWY_INLINE size_t one_by_one(const float* values, size_t count, uint32_t doubled_threshold,
                             float* to, size_t read, size_t kept) {
  for (; read < count; ++read) {
    // Without a branch that nobody can foretell.
    const float value = values[read];
    to[kept] = value;
    kept += std::bit_cast<uint32_t>(value) << 1 > doubled_threshold ? 1 : 0;
  }
  return kept;
}

size_t copy(const float* HWY_RESTRICT values, size_t count, uint32_t doubled_threshold,
            float* HWY_RESTRICT to) {
  size_t read = 0;
  size_t kept = 0;
  // On the others Compress of Highway 1.0.3 is slower than one by one (statistics/simd/sweep.cc).
#if HWY_TARGET != HWY_AVX2 && HWY_TARGET != HWY_SSE4 && HWY_TARGET != HWY_SSSE3
  const hn::ScalableTag<float> d;
  const auto least = hn::Set(Bits(), doubled_threshold);
  for (; read + hn::Lanes(d) <= count; read += hn::Lanes(d)) {
    const auto is_kept = hn::Gt(doubled(values + read), least);
    const auto value = hn::LoadU(d, values + read);
    // Never beyond the place of the last value read.
    hn::StoreU(hn::Compress(value, hn::RebindMask(d, is_kept)), d, to + kept);
    kept += hn::CountTrue(Bits(), is_kept);
  }
#endif
  return one_by_one(values, count, doubled_threshold, to, read, kept);
}

}  // namespace rangefinder::analog::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::analog::simd {

HWY_EXPORT(copy);

size_t copy_above(std::span<const float> values, uint32_t threshold, float* to) {
  return HWY_DYNAMIC_DISPATCH(copy)(values.data(), values.size(), threshold << 1, to);
}

size_t copy_above_reference(std::span<const float> values, uint32_t threshold, float* to) {
  size_t kept = 0;
  for (const float value : values) {
    if ((std::bit_cast<uint32_t>(value) & 0x7fffffffu) > threshold) to[kept++] = value;
  }
  return kept;
}

}  // namespace rangefinder::analog::simd
#endif  // HWY_ONCE
