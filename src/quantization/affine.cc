#include "quantization/affine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace rangefinder::quantization {
namespace {

constexpr double kSmallestScale = std::numeric_limits<float>::min();
constexpr double kLargestScale = std::numeric_limits<float>::max();
constexpr double kLargestPowerOf2 = 0x1p127;

double next_power_of_2(double step) {
  int exponent = 0;
  const double mantissa = std::frexp(step, &exponent);
  return std::ldexp(1.0, mantissa == 0.5 ? exponent - 1 : exponent);
}

/// The middle as far as the grid alone decides it; 64 bits because the grid is not checked yet.
int64_t middle_code(const Grid& grid) {
  if (grid.quant_min < 0) return 0;
  return std::llrint((grid.quant_min + grid.quant_max) / 2.0);
}

int32_t zero_point_of(double min, float scale, const Grid& grid) {
  const double exact = static_cast<double>(grid.quant_min) - min / scale;
  return static_cast<int32_t>(std::clamp(std::nearbyint(exact), static_cast<double>(grid.quant_min),
                                         static_cast<double>(grid.quant_max)));
}

}  // namespace

void check_grid(const Grid& grid) {
  using Limits = std::numeric_limits<int32_t>;
  if (grid.quant_min < Limits::min() || grid.quant_max > Limits::max()) {
    throw std::invalid_argument("quant_min and quant_max must fit 32 bits");
  }
  if (grid.quant_min >= grid.quant_max) {
    throw std::invalid_argument("quant_min must be below quant_max");
  }
  const int64_t middle = middle_code(grid);
  if (grid.symmetric && (middle <= grid.quant_min || middle >= grid.quant_max)) {
    throw std::invalid_argument("a symmetric grid needs codes on either side of its zero point");
  }
}

int32_t symmetric_zero_point(const Grid& grid) {
  check_grid(grid);
  return static_cast<int32_t>(middle_code(grid));
}

float representable_scale(double step, bool power_of_2) {
  if (!(step >= 0)) throw std::invalid_argument("a step is a number, not negative");
  if (power_of_2) {
    const double rounded = step == 0 ? kSmallestScale : next_power_of_2(step);
    return static_cast<float>(std::clamp(rounded, kSmallestScale, kLargestPowerOf2));
  }
  return static_cast<float>(std::clamp(step, kSmallestScale, kLargestScale));
}

AffineParameters affine_from_range(Range range, const Grid& grid) {
  check_grid(grid);
  if (!std::isfinite(range.min) || !std::isfinite(range.max) || range.min > range.max) {
    throw std::invalid_argument("a range needs finite ends, min <= max");
  }
  const double low = std::min(range.min, 0.0);
  const double high = std::max(range.max, 0.0);
  const auto steps = static_cast<double>(grid.step_count());
  const double span = grid.symmetric ? 2 * std::max(-low, high) : high - low;
  const float scale = span == 0 ? 1.0f : representable_scale(span / steps, grid.power_of_2);
  if (grid.symmetric) return {scale, symmetric_zero_point(grid)};
  if (low == 0) return {scale, static_cast<int32_t>(grid.quant_min)};
  if (high == 0) return {scale, static_cast<int32_t>(grid.quant_max)};
  return {scale, zero_point_of(low, scale, grid)};
}

Range covered_range(AffineParameters parameters, const Grid& grid) {
  const auto real = [&](int64_t code) {
    return static_cast<double>(code - parameters.zero_point) *
           static_cast<double>(parameters.scale);
  };
  return {real(grid.quant_min), real(grid.quant_max)};
}

}  // namespace rangefinder::quantization
