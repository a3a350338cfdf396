#pragma once

#include <span>

#include "rangefinder/rounding.h"

namespace rangefinder::quantization {

using rangefinder::Rounding;

/// The integer that `value` becomes. Exact: no 0.5 is added in floating point, so 0.49999997
/// becomes 0. NaN stays NaN, infinities stay infinite, the sign of zero is not specified.
float round(float value, Rounding rounding);
double round(double value, Rounding rounding);

/// round() of every element, in place; the same numbers as one by one.
void round_in_place(std::span<float> values, Rounding rounding);

/// sign * 2^round(log2 |value|); 0 stays 0. The default never makes a scale smaller.
/// Throws std::invalid_argument on NaN or infinity.
double round_to_power_of_2(double value, Rounding exponent_rounding = Rounding::kUp);

using rangefinder::name_of;
using rangefinder::rounding_from_name;

}  // namespace rangefinder::quantization
