#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analog/hardware/rpu_config.h"
#include "analog/hardware/tiles.h"

namespace rangefinder::analog {

/// Whether the original's mistakes are reproduced.
enum class Compatibility { kNone, kAihwkit };

/// The weights of one tile as they are programmed, and what its converters need to know of them.
struct TileWeights {
  ColumnRange columns;
  /// outputs x columns.width(), row-major, after clipping and quantization.
  std::vector<float> programmed;
  /// Largest |weight| of each output before quantization.
  std::vector<float> output_maximum;
  /// Largest of output_maximum.
  float maximum = 0.0f;
};

/// Clips a weight matrix (outputs x inputs, row-major) to +-sigma standard deviations around zero,
/// of the whole matrix or of each output: the Gaussian clip types. Others leave it as it is.
/// The deviation is the unbiased one, in float64; an output with one input has none and is kept.
void clip_weights(std::span<float> weights, int64_t outputs, const WeightClipParameters& clip);

/// Cuts a weight matrix (outputs x inputs, row-major) into tiles and quantizes each:
///   scale = largest |w| of the tile, or of each output (per channel, or learnable clip),
///   step = 2 * scale / levels, code = round(clamp(w / step, -levels/2, levels/2)).
/// An all-zero output stays zero. With kAihwkit the original's mistake is kept that inverts the
/// scales of a tile if all of them are above 1 (docs/numerics/analog.md).
/// Throws std::invalid_argument if the size is not a multiple of `outputs`.
std::vector<TileWeights> program_tiles(std::span<const float> weights, int64_t outputs,
                                       const RpuConfig& config, Compatibility compatibility);

}  // namespace rangefinder::analog
