#pragma once

#include <optional>
#include <span>

namespace rangefinder::analog {

/// Step of a converter over the width 2 * bound, in float32 as the reference computes it:
/// (2 * bound) / resolution for levels, (2 * bound) * resolution for a step up to 1. At least the
/// smallest normal float, so that a bound of 0 gives code 0 and no division by zero.
/// Throws std::invalid_argument unless resolution > 0.
float converter_step(float bound, double resolution);

/// What a DAC does to the inputs of one tile: clip, then round to steps.
struct InputConverter {
  /// Values are clipped to -range .. range; not at all if empty.
  std::optional<float> range;
  /// Absent without quantization.
  std::optional<float> step;

  /// In place. Ties go to the even code; NaN stays NaN.
  void apply(std::span<float> values) const;
};

/// What an ADC does to one output of a tile: round to steps, then clip to -bound .. bound. In this
/// order a code beyond the bound is possible before the clip, as in the reference.
struct OutputConverter {
  float bound = 0.0f;
  std::optional<float> step;

  float apply(float value) const;
};

}  // namespace rangefinder::analog
