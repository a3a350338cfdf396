#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analog/hardware/converters.h"
#include "analog/hardware/rpu_config.h"
#include "analog/hardware/tile_weights.h"

namespace rangefinder::analog {

/// A weight matrix on analog tiles: the forward pass of AIHWKIT-Lightning at inference.
///
/// Per tile s: y_s = ADC_s(W_s * DAC_s(x_s)); the result is the sum of y_s (docs/numerics/analog.md
/// (1)-(6)). All in float32; products of one output are added in float64 and rounded once, so a
/// result differs from the reference's by its rounding only, and where that rounding crosses half
/// a step of the ADC, by that step.
class AnalogMatrix {
 public:
  /// `weights` is outputs x inputs, row-major. Throws std::invalid_argument on a configuration
  /// that validate() refuses, or a size that is not a multiple of `outputs`.
  AnalogMatrix(std::span<const float> weights, int64_t outputs, const RpuConfig& config,
               Compatibility compatibility = Compatibility::kNone);

  int64_t inputs() const { return tiles_.back().columns.end; }
  int64_t outputs() const { return outputs_; }
  const std::vector<TileWeights>& tiles() const { return tiles_; }
  const RpuConfig& config() const { return config_; }

  /// Converter in front of a tile, for its input range. Throws std::invalid_argument if the DAC
  /// quantizes but input ranges are off.
  InputConverter input_converter(float range) const;
  /// Converters behind a tile, one per output; empty without an ADC. Throws std::invalid_argument
  /// if there is an ADC but input ranges are off.
  std::vector<OutputConverter> output_converters(size_t tile, float range) const;

  /// rows x inputs -> rows x outputs, without bias. `ranges`: one per tile; unused (may be empty)
  /// with dynamic ranges or ranges off. Throws std::invalid_argument on wrong sizes.
  std::vector<float> forward(std::span<const float> rows, std::span<const float> ranges) const;

 private:
  void add_tile(size_t tile, std::span<const float> row, float range, std::span<float> sums) const;

  int64_t outputs_;
  RpuConfig config_;
  std::vector<TileWeights> tiles_;
};

}  // namespace rangefinder::analog
