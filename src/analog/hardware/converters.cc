#include "analog/hardware/converters.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <stdexcept>

namespace rangefinder::analog {
namespace {

float on_grid(float value, float step) { return std::nearbyintf(value / step) * step; }

/// As std::clamp(), but defined for a negative bound too, which the original gives some layers: all
/// values then become the bound, as in PyTorch and ONNX Runtime. NaN stays NaN.
float clipped(float value, float bound) { return std::min(std::max(value, -bound), bound); }

}  // namespace

float converter_step(float bound, double resolution) {
  if (!(resolution > 0.0)) throw std::invalid_argument("a converter needs a resolution above 0");
  const float width = 2.0f * bound;
  const auto factor = static_cast<float>(resolution);
  return std::max(resolution > 1.0 ? width / factor : width * factor, FLT_MIN);
}

void InputConverter::apply(std::span<float> values) const {
  for (float& value : values) {
    if (range) value = clipped(value, *range);
    if (step) value = on_grid(value, *step);
  }
}

float OutputConverter::apply(float value) const {
  if (step) value = on_grid(value, *step);
  return clipped(value, bound);
}

}  // namespace rangefinder::analog
