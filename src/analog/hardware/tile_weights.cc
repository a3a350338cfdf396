#include "analog/hardware/tile_weights.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace rangefinder::analog {
namespace {

/// Unbiased standard deviation, two passes; 0 for fewer than two values.
double standard_deviation(std::span<const float> values) {
  if (values.size() < 2) return 0.0;
  double sum = 0.0;
  for (const float value : values) sum += value;
  const double mean = sum / static_cast<double>(values.size());
  double squares = 0.0;
  for (const float value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

void clip_to_deviations(std::span<float> values, double sigma) {
  const auto bound = static_cast<float>(sigma * standard_deviation(values));
  if (values.size() < 2) return;
  for (float& value : values) value = std::clamp(value, -bound, bound);
}

bool has_output_scales(const RpuConfig& config) {
  return config.modifier.quantization_type == WeightQuantization::kDiscretizePerChannel ||
         config.clip.type == WeightClip::kLearnablePerChannel;
}

/// The original takes a scale above 1 for a number of levels and inverts it, if all are.
void invert_large(std::vector<float>& scales) {
  const bool all = std::all_of(scales.begin(), scales.end(), [](float s) { return s > 1.0f; });
  if (!all) return;
  for (float& scale : scales) scale = 1.0f / scale;
}

/// Half steps of each output (one entry if the tile has a single scale): scale / levels.
std::vector<float> half_steps(const TileWeights& tile, const RpuConfig& config, float levels,
                              Compatibility compatibility) {
  std::vector<float> result =
      has_output_scales(config) ? tile.output_maximum : std::vector<float>{tile.maximum};
  for (float& scale : result) scale /= levels;
  if (compatibility == Compatibility::kAihwkit) invert_large(result);
  return result;
}

void quantize(std::span<float> weights, float step, float limit) {
  for (float& weight : weights) {
    weight = std::nearbyintf(std::clamp(weight / step, -limit, limit)) * step;
  }
}

void quantize(TileWeights& tile, const RpuConfig& config, Compatibility compatibility) {
  const auto levels = static_cast<float>(level_intervals(config.modifier.res));
  const std::vector<float> halves = half_steps(tile, config, levels, compatibility);
  const auto width = static_cast<size_t>(tile.columns.width());
  for (size_t output = 0; output < tile.output_maximum.size(); ++output) {
    const float half = halves.size() == 1 ? halves[0] : halves[output];
    const float step = half > 0.0f ? 2.0f * half : 1.0f;
    quantize(std::span(tile.programmed).subspan(output * width, width), step, levels / 2.0f);
  }
}

/// The learnable clip without quantization. Its bounds start as the largest weights, so it changes
/// nothing unless the original's mistake inverts them.
void clip_learnable(TileWeights& tile) {
  std::vector<float> bounds = tile.output_maximum;
  invert_large(bounds);
  const auto width = static_cast<size_t>(tile.columns.width());
  for (size_t output = 0; output < bounds.size(); ++output) {
    const float bound = bounds[output];
    for (float& weight : std::span(tile.programmed).subspan(output * width, width)) {
      if (bound > 0.0f) weight = bound * std::clamp(weight / bound, -1.0f, 1.0f);
    }
  }
}

TileWeights cut_tile(std::span<const float> weights, int64_t outputs, int64_t inputs,
                     ColumnRange columns) {
  TileWeights tile{columns, {}, {}, 0.0f};
  for (int64_t output = 0; output < outputs; ++output) {
    const auto row = weights.subspan(static_cast<size_t>(output * inputs + columns.begin),
                                     static_cast<size_t>(columns.width()));
    tile.programmed.insert(tile.programmed.end(), row.begin(), row.end());
    float largest = 0.0f;
    for (const float weight : row) largest = std::max(largest, std::fabs(weight));
    tile.output_maximum.push_back(largest);
    tile.maximum = std::max(tile.maximum, largest);
  }
  return tile;
}

int64_t input_count(size_t size, int64_t outputs) {
  if (outputs <= 0 || size == 0 || size % static_cast<size_t>(outputs) != 0) {
    throw std::invalid_argument("a weight matrix does not divide into its outputs");
  }
  return static_cast<int64_t>(size) / outputs;
}

}  // namespace

void clip_weights(std::span<float> weights, int64_t outputs, const WeightClipParameters& clip) {
  const auto inputs = static_cast<size_t>(input_count(weights.size(), outputs));
  if (clip.type == WeightClip::kLayerGaussian) clip_to_deviations(weights, clip.sigma);
  if (clip.type != WeightClip::kLayerGaussianPerChannel) return;
  for (size_t begin = 0; begin < weights.size(); begin += inputs) {
    clip_to_deviations(weights.subspan(begin, inputs), clip.sigma);
  }
}

std::vector<TileWeights> program_tiles(std::span<const float> weights, int64_t outputs,
                                       const RpuConfig& config, Compatibility compatibility) {
  const int64_t inputs = input_count(weights.size(), outputs);
  std::vector<TileWeights> tiles;
  for (const ColumnRange& columns : balanced_slices(inputs, config.mapping.max_input_size)) {
    TileWeights tile = cut_tile(weights, outputs, inputs, columns);
    if (config.modifier.quantization_type != WeightQuantization::kNone) {
      quantize(tile, config, compatibility);
    } else if (config.clip.type == WeightClip::kLearnablePerChannel &&
               compatibility == Compatibility::kAihwkit) {
      clip_learnable(tile);
    }
    tiles.push_back(std::move(tile));
  }
  return tiles;
}

}  // namespace rangefinder::analog
