#include "analog/hardware/analog_matrix.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace rangefinder::analog {
namespace {

RpuConfig validated(const RpuConfig& config) {
  validate(config);
  return config;
}

float largest_magnitude(std::span<const float> values) {
  float largest = 0.0f;
  for (const float value : values) largest = std::max(largest, std::fabs(value));
  return largest;
}

/// True where the ADC is scaled by each output's own largest weight.
bool has_output_bounds(WeightClip clip) {
  return clip == WeightClip::kLayerGaussianPerChannel || clip == WeightClip::kLearnablePerChannel;
}

float product(std::span<const float> weights, std::span<const float> inputs) {
  double sum = 0.0;
  for (size_t i = 0; i < weights.size(); ++i) {
    sum += static_cast<double>(weights[i]) * static_cast<double>(inputs[i]);
  }
  return static_cast<float>(sum);
}

}  // namespace

AnalogMatrix::AnalogMatrix(std::span<const float> weights, int64_t outputs, const RpuConfig& config,
                           Compatibility compatibility)
    : outputs_(outputs),
      config_(validated(config)),
      tiles_(program_tiles(weights, outputs, config, compatibility)) {}

InputConverter AnalogMatrix::input_converter(float range) const {
  const bool enabled = config_.pre_post.input_range.enable;
  const double resolution = config_.forward.inp_res;
  InputConverter converter;
  if (enabled) converter.range = range;
  if (is_quantized(resolution)) {
    if (!enabled)
      throw std::invalid_argument("forward.inp_res needs input ranges: calibrate first");
    converter.step = converter_step(range, resolution);
  }
  return converter;
}

std::vector<OutputConverter> AnalogMatrix::output_converters(size_t tile, float range) const {
  const ForwardParameters& forward = config_.forward;
  if (forward.out_bound <= 0.0) return {};
  if (!config_.pre_post.input_range.enable) {
    throw std::invalid_argument("forward.out_bound needs input ranges: calibrate first");
  }
  std::vector<OutputConverter> converters;
  for (const float output_maximum : tiles_.at(tile).output_maximum) {
    const float largest =
        has_output_bounds(config_.clip.type) ? output_maximum : tiles_[tile].maximum;
    OutputConverter converter{range * static_cast<float>(forward.out_bound) * largest, {}};
    if (is_quantized(forward.out_res)) {
      converter.step = converter_step(converter.bound, forward.out_res);
    }
    converters.push_back(converter);
  }
  return converters;
}

void AnalogMatrix::add_tile(size_t tile, std::span<const float> row, float range,
                            std::span<float> sums) const {
  const TileWeights& weights = tiles_[tile];
  const auto width = static_cast<size_t>(weights.columns.width());
  const auto part = row.subspan(static_cast<size_t>(weights.columns.begin), width);
  if (config_.pre_post.input_range.dynamic) range = largest_magnitude(part);
  std::vector<float> inputs(part.begin(), part.end());
  input_converter(range).apply(inputs);
  const std::vector<OutputConverter> converters = output_converters(tile, range);
  for (size_t output = 0; output < sums.size(); ++output) {
    float value = product(std::span(weights.programmed).subspan(output * width, width), inputs);
    if (!converters.empty()) value = converters[output].apply(value);
    sums[output] += value;
  }
}

std::vector<float> AnalogMatrix::forward(std::span<const float> rows,
                                         std::span<const float> ranges) const {
  const auto width = static_cast<size_t>(inputs());
  const bool fixed = config_.pre_post.input_range.enable && !config_.pre_post.input_range.dynamic;
  if (rows.size() % width != 0 || (fixed && ranges.size() != tiles_.size())) {
    throw std::invalid_argument("rows or ranges do not fit the analog matrix");
  }
  std::vector<float> result(rows.size() / width * static_cast<size_t>(outputs_), 0.0f);
  for (size_t row = 0; row < rows.size() / width; ++row) {
    const auto sums = std::span(result).subspan(row * static_cast<size_t>(outputs_),
                                                static_cast<size_t>(outputs_));
    for (size_t tile = 0; tile < tiles_.size(); ++tile) {
      add_tile(tile, rows.subspan(row * width, width), fixed ? ranges[tile] : 0.0f, sums);
    }
  }
  return result;
}

}  // namespace rangefinder::analog
