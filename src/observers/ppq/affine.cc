#include "observers/ppq/affine.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "observers/observer.h"

namespace rangefinder::observers::ppq {

quantization::AffineParameters ScaleAndOffset::rounded() const {
  // The original keeps offsets as float32; an int32 holds those that occur with sane data.
  if (!(std::fabs(offset) <= std::numeric_limits<int32_t>::max())) {
    throw Error("PPQ's offset " + std::to_string(offset) + " does not fit 32 bits.");
  }
  return {static_cast<float>(scale), static_cast<int32_t>(static_cast<float>(offset))};
}

double min_scale(const quantization::TensorQuantizationConfig& config) {
  return detail_or(config, "min_scale", kMinScale);
}

namespace {

// `extent` is max - min as the caller's arithmetic has it.
ScaleAndOffset affine_from_extent(double min, double max, double extent,
                                  const quantization::TensorQuantizationConfig& config) {
  const auto steps = static_cast<double>(config.quant_max - config.quant_min);
  ScaleAndOffset result = {};
  if (config.is_symmetric()) {
    result.scale = 2 * std::max(std::fabs(max), std::fabs(min)) / steps;
    result.scale = std::max(result.scale, min_scale(config));
  } else {
    result.scale = std::max(extent / steps, min_scale(config));
    result.offset = quantization::round(-min / result.scale, quantization::Rounding::kHalfEven);
  }
  if (config.is_power_of_2()) result.scale = quantization::round_to_power_of_2(result.scale);
  return result;
}

}  // namespace

ScaleAndOffset affine_from_range(double min, double max,
                                 const quantization::TensorQuantizationConfig& config) {
  min = std::min(min, 0.0);
  max = std::max(max, 0.0);
  return affine_from_extent(min, max, max - min, config);
}

ScaleAndOffset affine_from_channel_range(float min, float max,
                                         const quantization::TensorQuantizationConfig& config) {
  min = std::min(min, 0.0f);
  max = std::max(max, 0.0f);
  return affine_from_extent(min, max, max - min, config);
}

}  // namespace rangefinder::observers::ppq
