#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rangefinder::analog::simd {

/// Writes the numbers of the positions, `lanes` values each, whose values are all zero, ascending,
/// to `found`, which has room for every position; returns how many. -0 is zero, NaN is not.
///
/// Made for data where that is seldom so.
size_t zero_positions(std::span<const float> values, size_t lanes, uint32_t* found);

/// The same as a plain loop, which the tests hold every instruction set against.
size_t zero_positions_reference(std::span<const float> values, size_t lanes, uint32_t* found);

}  // namespace rangefinder::analog::simd
