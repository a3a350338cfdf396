#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rangefinder::analog::simd {

/// Writes the numbers of the values whose magnitude, as bits, is above `threshold`, ascending, to
/// `indices`, which has room for values.size(); returns how many. NaN is above everything else.
///
/// Made for thresholds that few values exceed: a block of vectors costs one comparison.
size_t collect_above(std::span<const float> values, uint32_t threshold, uint32_t* indices);

/// The same as a plain loop, which the tests hold every instruction set against.
size_t collect_above_reference(std::span<const float> values, uint32_t threshold,
                               uint32_t* indices);

}  // namespace rangefinder::analog::simd
