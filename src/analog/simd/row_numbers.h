#pragma once

#include <cstdint>
#include <span>

namespace rangefinder::analog::simd {

/// Scrambles 64 bits, one to one: the output function of SplitMix64 (Steele, Lea and Flood 2014).
uint64_t scramble(uint64_t x);

/// numbers[i] = scramble(base ^ (first + i)), on the best instruction set of the machine.
void row_numbers(uint64_t base, uint64_t first, std::span<uint64_t> numbers);

/// The same as a plain loop, which the tests hold every instruction set against.
void row_numbers_reference(uint64_t base, uint64_t first, std::span<uint64_t> numbers);

}  // namespace rangefinder::analog::simd
