#include "observers/ppq/minmax.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "observers/ppq/affine.h"
#include "observers/ppq/batch.h"

namespace rangefinder::observers::ppq {

MinMax::MinMax(const quantization::TensorQuantizationConfig& config) : config_(config) {}

void MinMax::take(size_t channel, float value) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (channel >= channels_.size()) channels_.resize(channel + 1, {kInfinity, -kInfinity});
  channels_[channel].min = std::min(channels_[channel].min, value);
  channels_[channel].max = std::max(channels_[channel].max, value);
}

void MinMax::observe(const tensor::TensorView& batch) {
  const std::span<const float> values = finite_values(batch);
  if (!config_.is_per_channel()) {
    for (const float value : values) take(0, value);
    return;
  }
  const size_t axis = config_.channel_axis_of(batch.shape.size());
  size_t inner = 1;
  for (size_t i = axis + 1; i < batch.shape.size(); ++i) {
    inner *= static_cast<size_t>(batch.shape[i]);
  }
  const auto channel_count = static_cast<size_t>(batch.shape[axis]);
  for (size_t i = 0; i < values.size(); ++i) take(i / inner % channel_count, values[i]);
}

void MinMax::merge(const Observer& other) {
  const auto* same = dynamic_cast<const MinMax*>(&other);
  if (same == nullptr) throw std::invalid_argument("Observers of two methods cannot be merged.");
  for (size_t c = 0; c < same->channels_.size(); ++c) {
    take(c, same->channels_[c].min);
    take(c, same->channels_[c].max);
  }
}

Solution MinMax::solve(const Observations& /*observations*/) {
  if (channels_.empty()) throw no_data();
  Solution solution;
  for (const auto& [min, max] : channels_) {
    const ScaleAndOffset affine = config_.is_per_channel()
                                      ? affine_from_channel_range(min, max, config_)
                                      : affine_from_range(min, max, config_);
    solution.parameters.push_back(affine.rounded());
  }
  return solution;
}

}  // namespace rangefinder::observers::ppq
