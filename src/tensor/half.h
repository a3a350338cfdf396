#pragma once

#include <cstdint>

namespace rangefinder::tensor {

/// IEEE binary16 to float32, exact.
float float16_to_float(uint16_t bits);

/// float32 to IEEE binary16, ties to even; beyond 65504 becomes infinity, NaN stays NaN.
uint16_t float_to_float16(float value);

/// bfloat16 to float32, exact.
float bfloat16_to_float(uint16_t bits);

/// float32 to bfloat16, ties to even; beyond its range becomes infinity, NaN stays NaN.
uint16_t float_to_bfloat16(float value);

}  // namespace rangefinder::tensor
