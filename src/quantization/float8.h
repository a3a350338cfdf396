#pragma once

#include <cstdint>

#include "quantization/tensor_quantization_config.h"

namespace rangefinder::quantization {

/// 8-bit floating codes: E4M3 (ONNX FLOAT8E4M3FN: no infinities, largest 448) and E5M2 (largest
/// finite 57344). Micikevicius et al. 2022, arXiv:2209.05433.
///
/// Conversion rounds to nearest, ties to even, and saturates: infinities and everything beyond the
/// largest value become the largest value with their sign. NaN stays NaN. The reference's kernels
/// truncate ties and reserve no code for NaN; we follow the published format.

/// Largest finite value: 448 or 57344.
float float8_max(FloatFormat format);
/// Stored mantissa bits: 3 or 2.
int float8_mantissa_bits(FloatFormat format);
/// Exponent of the smallest normal value: -6 or -14.
int float8_min_exponent(FloatFormat format);

/// The nearest value of the format, as float32.
float to_float8_value(float value, FloatFormat format);
/// The same as the 8-bit code.
uint8_t to_float8_code(float value, FloatFormat format);
/// The value of a code, exact; NaN for NaN codes, infinity for E5M2's infinities.
float from_float8_code(uint8_t code, FloatFormat format);

}  // namespace rangefinder::quantization
