#include "quantization/float8.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace rangefinder::quantization {
namespace {

constexpr uint8_t kSignBit = 0x80;
constexpr uint8_t kMagnitude = 0x7f;

int exponent_bias(FloatFormat format) { return 1 - float8_min_exponent(format); }

bool is_nan_code(uint8_t magnitude, FloatFormat format) {
  return format == FloatFormat::kE4M3 ? magnitude == 0x7f : magnitude > 0x7c;
}

}  // namespace

float float8_max(FloatFormat format) { return format == FloatFormat::kE4M3 ? 448.0f : 57344.0f; }
int float8_mantissa_bits(FloatFormat format) { return format == FloatFormat::kE4M3 ? 3 : 2; }
int float8_min_exponent(FloatFormat format) { return format == FloatFormat::kE4M3 ? -6 : -14; }

float to_float8_value(float value, FloatFormat format) {
  if (std::isnan(value) || value == 0) return value;
  const float largest = float8_max(format);
  if (std::fabs(value) >= largest) return std::copysign(largest, value);
  // Below the smallest normal exponent the spacing no longer shrinks: subnormal codes.
  const int stored = static_cast<int>(std::bit_cast<uint32_t>(value) >> 23 & 0xff);
  const int exponent = std::max(stored - 127, float8_min_exponent(format));
  const int step_exponent = exponent - float8_mantissa_bits(format);
  // Adding 1.5 * 2^23 steps leaves no room for a fraction of a step: the addition itself rounds,
  // to nearest and ties to even.
  const float magic = 1.5f * std::bit_cast<float>(static_cast<uint32_t>(step_exponent + 150) << 23);
  return std::copysign((value + magic) - magic, value);
}

uint8_t to_float8_code(float value, FloatFormat format) {
  const float rounded = to_float8_value(value, format);
  const uint8_t sign = std::signbit(rounded) ? kSignBit : 0;
  if (std::isnan(rounded)) return sign | kMagnitude;
  if (rounded == 0) return sign;
  const int mantissa_bits = float8_mantissa_bits(format);
  const int exponent = std::max(std::ilogb(rounded), float8_min_exponent(format));
  const int steps = static_cast<int>(std::ldexp(std::fabs(rounded), mantissa_bits - exponent));
  // A normal number's steps include the hidden bit, which carries into the exponent field.
  const int field = exponent + exponent_bias(format) - 1;
  return static_cast<uint8_t>(sign | ((field << mantissa_bits) + steps));
}

float from_float8_code(uint8_t code, FloatFormat format) {
  const uint8_t magnitude = code & kMagnitude;
  const float sign = code & kSignBit ? -1.0f : 1.0f;
  if (is_nan_code(magnitude, format)) return std::numeric_limits<float>::quiet_NaN();
  if (format == FloatFormat::kE5M2 && magnitude == 0x7c) {
    return sign * std::numeric_limits<float>::infinity();
  }
  const int mantissa_bits = float8_mantissa_bits(format);
  const int field = magnitude >> mantissa_bits;
  const int mantissa = magnitude & ((1 << mantissa_bits) - 1);
  const int hidden = field == 0 ? 0 : 1 << mantissa_bits;
  const int exponent = std::max(field, 1) - exponent_bias(format);
  return sign * std::ldexp(static_cast<float>(hidden + mantissa), exponent - mantissa_bits);
}

}  // namespace rangefinder::quantization
