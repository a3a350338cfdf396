#pragma once

#include <cstdint>
#include <span>

namespace rangefinder::analog::simd {

/// Bits of the largest |x|, which order like the magnitudes: beyond 0x7f800000 if there is a NaN,
/// equal to it if there is an infinity. 0 without values. On the best instruction set of the
/// machine.
uint32_t largest_magnitude(std::span<const float> values);

/// The same as a plain loop, which the tests hold every instruction set against.
uint32_t largest_magnitude_reference(std::span<const float> values);

}  // namespace rangefinder::analog::simd
