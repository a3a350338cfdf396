// For the kernels of this folder, once per instruction set: no include guard in the usual sense.
#if defined(RANGEFINDER_ANALOG_DOUBLED_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef RANGEFINDER_ANALOG_DOUBLED_INL_H
#undef RANGEFINDER_ANALOG_DOUBLED_INL_H
#else
#define RANGEFINDER_ANALOG_DOUBLED_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rangefinder::analog::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Bits = hn::ScalableTag<uint32_t>;

/// Twice the bits, which drops the sign: orders like the magnitudes, and is 0 for zero of either
/// sign, also where a thread treats subnormals as zero.
HWY_INLINE hn::Vec<Bits> doubled(const float* HWY_RESTRICT values) {
  const auto bits = hn::BitCast(Bits(), hn::LoadU(hn::ScalableTag<float>(), values));
  return hn::Add(bits, bits);
}

}  // namespace rangefinder::analog::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
