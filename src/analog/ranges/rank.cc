#include "analog/ranges/rank.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace rangefinder::analog {

Rank quantile_rank(double quantile, uint64_t count, Compatibility compatibility) {
  if (count == 0 || !(quantile >= 0.0 && quantile <= 1.0)) {
    throw std::invalid_argument("a quantile needs values, and lies in [0, 1]");
  }
  const auto last = static_cast<double>(count - 1);
  double position = quantile * last;
  if (compatibility == Compatibility::kAihwkit) {
    position = static_cast<float>(quantile) * static_cast<float>(last);
  }
  position = std::min(position, last);
  const double lower = std::floor(position);
  return {static_cast<uint64_t>(lower), position - lower};
}

float interpolate(float lower, float upper, double fraction) {
  const auto weight = static_cast<float>(fraction);
  if (weight < 0.5f) return lower + weight * (upper - lower);
  return upper - (upper - lower) * (1.0f - weight);
}

}  // namespace rangefinder::analog
