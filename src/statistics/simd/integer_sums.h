#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rangefinder::statistics::simd {

// Sums of floats that are first made integers: each value times `factor`, a power of two, rounded
// to nearest, ties to even. Sums of integers do not depend on the order, and so neither on the
// instruction set nor on how a tensor lies in memory. No value times the factor may be larger than
// kLargestInteger, and all of them must be finite.

/// Half of the int32 range for 128 values, with one bit to spare.
inline constexpr int kIntegerBits = 23;
inline constexpr float kLargestInteger = 1 << kIntegerBits;

/// The sum of all values.
int64_t integer_sum(std::span<const float> values, float factor);

/// Rows of `row_length` values one after the other; sums[c] grows by value c of each row. Values
/// behind the first sums.size() of a row are padding of any kind. Throws std::invalid_argument if
/// rows are shorter than the sums, or not whole.
void add_integer_rows(std::span<const float> rows, size_t row_length, float factor,
                      std::span<int64_t> sums);

/// The largest |x|; if any value is not finite, infinity or NaN. 0 for no values.
float largest_magnitude(std::span<const float> values);

// The same as plain loops, which the tests hold every instruction set against.

int64_t integer_sum_reference(std::span<const float> values, float factor);
void add_integer_rows_reference(std::span<const float> rows, size_t row_length, float factor,
                                std::span<int64_t> sums);
float largest_magnitude_reference(std::span<const float> values);

}  // namespace rangefinder::statistics::simd
