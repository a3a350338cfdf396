#pragma once

#include <cstddef>
#include <cstdint>

namespace rangefinder::analog::simd {

/// Scrambles 64 bits, one to one: the output function of SplitMix64 (Steele, Lea and Flood 2014).
uint64_t scramble(uint64_t x);

/// Of the numbers scramble(base ^ row), row from first to first + count - 1, those up to `limit`:
/// writes them to `numbers` and row - first to `offsets`, both with room for `count`, in the order
/// of the rows; returns how many. On the best instruction set of the machine. Made for limits that
/// few numbers keep.
size_t row_numbers(uint64_t base, uint64_t first, size_t count, uint64_t limit, uint64_t* numbers,
                   uint32_t* offsets);

/// The same as a plain loop, which the tests hold every instruction set against.
size_t row_numbers_reference(uint64_t base, uint64_t first, size_t count, uint64_t limit,
                             uint64_t* numbers, uint32_t* offsets);

}  // namespace rangefinder::analog::simd
