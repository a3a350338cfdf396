#include "analog/converters.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <stdexcept>

namespace rangefinder::analog {
namespace {

float on_grid(float value, float step) { return std::nearbyintf(value / step) * step; }

}  // namespace

float converter_step(float bound, double resolution) {
  if (!(resolution > 0.0)) throw std::invalid_argument("a converter needs a resolution above 0");
  const float width = 2.0f * bound;
  const auto factor = static_cast<float>(resolution);
  return std::max(resolution > 1.0 ? width / factor : width * factor, FLT_MIN);
}

void InputConverter::apply(std::span<float> values) const {
  for (float& value : values) {
    if (range) value = std::clamp(value, -*range, *range);
    if (step) value = on_grid(value, *step);
  }
}

float OutputConverter::apply(float value) const {
  if (step) value = on_grid(value, *step);
  return std::clamp(value, -bound, bound);
}

}  // namespace rangefinder::analog
