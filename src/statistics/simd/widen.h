#pragma once

#include <cstdint>
#include <span>

namespace rangefinder::statistics::simd {

/// IEEE binary16 bits to the float32 values they stand for, exact, with NaN payloads, on the
/// best instruction set of the machine. `to` has room for values.size().
void widen_float16(std::span<const uint16_t> values, float* to);

/// The same as a plain loop, which the tests hold every instruction set against.
void widen_float16_reference(std::span<const uint16_t> values, float* to);

}  // namespace rangefinder::statistics::simd
