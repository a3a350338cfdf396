#include "quantization/rounding.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace rangefinder::quantization {
namespace {

// Whether the integer above is taken of a value exactly between two.
template <typename Float>
bool is_tie_rounded_up(Float value, Float below, Rounding rounding) {
  switch (rounding) {
    case Rounding::kHalfUp:
      return true;
    case Rounding::kHalfDown:
      return false;
    case Rounding::kHalfTowardsZero:
      return value < 0;
    case Rounding::kHalfFarFromZero:
    case Rounding::kToNearInt:
      return value > 0;
    default:  // to even: up if the integer below is odd
      return std::fmod(below, Float{2}) != 0;
  }
}

// value - trunc(value) is exact; value + 0.5 is not, and neither is value - floor(value) between
// -0.5 and 0.
template <typename Float>
Float round_any(Float value, Rounding rounding) {
  if (rounding == Rounding::kUp) return std::ceil(value);
  if (rounding == Rounding::kDown) return std::floor(value);
  if (!std::isfinite(value)) return value;
  const Float whole = std::trunc(value);
  const Float fraction = std::fabs(value - whole);
  const Float half = Float{1} / 2;
  if (fraction < half) return whole;
  if (fraction > half) return whole + std::copysign(Float{1}, value);
  const Float below = std::floor(value);
  return is_tie_rounded_up(value, below, rounding) ? below + 1 : below;
}

using Name = std::pair<std::string_view, Rounding>;

// The first name of a policy is the one that is printed.
constexpr std::array<Name, 16> kNames = {{
    {"half-even", Rounding::kHalfEven},
    {"half-up", Rounding::kHalfUp},
    {"half-down", Rounding::kHalfDown},
    {"half-towards-zero", Rounding::kHalfTowardsZero},
    {"half-far-from-zero", Rounding::kHalfFarFromZero},
    {"to-near-int", Rounding::kToNearInt},
    {"up", Rounding::kUp},
    {"down", Rounding::kDown},
    {"round-half-even", Rounding::kHalfEven},
    {"round-half-up", Rounding::kHalfUp},
    {"round-half-down", Rounding::kHalfDown},
    {"round-half-towards-zero", Rounding::kHalfTowardsZero},
    {"round-half-far-form-zero", Rounding::kHalfFarFromZero},  // the reference's spelling
    {"round-to-near-int", Rounding::kToNearInt},
    {"round-up", Rounding::kUp},
    {"round-down", Rounding::kDown},
}};

std::string canonical(std::string_view name) {
  std::string result(name);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return c == '_' ? '-' : static_cast<char>(std::tolower(c));
  });
  return result;
}

}  // namespace

float round(float value, Rounding rounding) { return round_any(value, rounding); }
double round(double value, Rounding rounding) { return round_any(value, rounding); }

void round_in_place(std::span<float> values, Rounding rounding) {
  for (float& value : values) value = round(value, rounding);
}

double round_to_power_of_2(double value, Rounding exponent_rounding) {
  if (!std::isfinite(value)) {
    throw std::invalid_argument("Rounding to a power of 2 needs a finite number, found " +
                                std::to_string(value) + ".");
  }
  if (value == 0) return 0;
  const double exponent = round(std::log2(std::fabs(value)), exponent_rounding);
  return std::copysign(std::exp2(exponent), value);
}

}  // namespace rangefinder::quantization

namespace rangefinder {

Rounding rounding_from_name(std::string_view name) {
  const std::string wanted = quantization::canonical(name);
  for (const auto& [known, rounding] : quantization::kNames) {
    if (known == wanted) return rounding;
  }
  std::string message = "Unknown rounding '" + std::string(name) + "'. Known:";
  for (size_t i = 0; i < quantization::kNames.size() / 2; ++i)
    message += " " + std::string(quantization::kNames[i].first);
  throw std::invalid_argument(message + ".");
}

std::string_view name_of(Rounding rounding) {
  for (const auto& [known, value] : quantization::kNames) {
    if (value == rounding) return known;
  }
  return "unknown";
}

}  // namespace rangefinder
