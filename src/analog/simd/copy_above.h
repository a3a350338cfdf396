#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rangefinder::analog::simd {

/// Copies the values whose magnitude, as bits, is above `threshold`, in order, to the front of
/// `to`, which has room for all of `values`; returns how many those are.
size_t copy_above(std::span<const float> values, uint32_t threshold, float* to);

/// The same as a plain loop, which the tests hold every instruction set against.
size_t copy_above_reference(std::span<const float> values, uint32_t threshold, float* to);

}  // namespace rangefinder::analog::simd
