#pragma once

#include <span>
#include <string_view>

namespace rangefinder::quantization {

/// How a real number becomes an integer. Ties are values exactly between two integers.
///
/// The reference (PPQ) has two implementations that disagree on negative numbers; here there is
/// one. Equations and a table: docs/numerics/rounding.md.
enum class Rounding {
  kHalfEven,         ///< nearest, ties to the even one: ONNX's rule and the default
  kHalfUp,           ///< nearest, ties towards +infinity
  kHalfDown,         ///< nearest, ties towards -infinity
  kHalfTowardsZero,  ///< nearest, ties towards 0
  kHalfFarFromZero,  ///< nearest, ties away from 0 (C's round())
  kToNearInt,        ///< the reference's name for kHalfFarFromZero; the same numbers
  kUp,               ///< towards +infinity: ceil
  kDown,             ///< towards -infinity: floor
};

/// The integer that `value` becomes. Exact: no 0.5 is added in floating point, so 0.49999997
/// becomes 0. NaN stays NaN, infinities stay infinite, the sign of zero is not specified.
float round(float value, Rounding rounding);
double round(double value, Rounding rounding);

/// round() of every element, in place; the same numbers as one by one.
void round_in_place(std::span<float> values, Rounding rounding);

/// sign * 2^round(log2 |value|); 0 stays 0. The default never makes a scale smaller.
/// Throws std::invalid_argument on NaN or infinity.
double round_to_power_of_2(double value, Rounding exponent_rounding = Rounding::kUp);

/// "half-even", "half-up", ...: as on the command line. Case and '_' for '-' do not matter when
/// parsing, and the reference's names (ROUND_HALF_EVEN, ROUND_HALF_FAR_FORM_ZERO) are understood.
/// Throws std::invalid_argument listing the known names.
Rounding rounding_from_name(std::string_view name);
std::string_view name_of(Rounding rounding);

}  // namespace rangefinder::quantization
