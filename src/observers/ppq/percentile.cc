#include "observers/ppq/percentile.h"

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>

#include "observers/ppq/affine.h"
#include "observers/ppq/batch.h"

namespace rangefinder::observers::ppq {
namespace {

constexpr size_t kLanes = 4;
constexpr size_t kLevels = 4;

// One lane of torch_mean(): every kLanes-th value of the first `steps` * kLanes.
float cascade_sum(std::span<const float> values, size_t lane, size_t steps) {
  const size_t bits = static_cast<size_t>(std::bit_width(steps > 0 ? steps - 1 : 0));
  const size_t level_power = std::max<size_t>(4, bits / kLevels);
  const size_t level_step = size_t{1} << level_power;
  std::array<float, kLevels> levels = {};
  size_t i = 0;
  while (i + level_step <= steps) {
    for (size_t j = 0; j < level_step; ++j, ++i) levels[0] += values[i * kLanes + lane];
    for (size_t level = 1; level < kLevels; ++level) {
      levels[level] += levels[level - 1];
      levels[level - 1] = 0;
      if ((i & ((level_step - 1) << (level * level_power))) != 0) break;
    }
  }
  for (; i < steps; ++i) levels[0] += values[i * kLanes + lane];
  for (size_t level = 1; level < kLevels; ++level) levels[0] += levels[level];
  return levels[0];
}

// The k-th smallest value, k from 0.
float order_statistic(std::vector<float>& values, size_t k) {
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(k);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

}  // namespace

float torch_mean(std::span<const float> values) {
  const size_t steps = values.size() / kLanes;
  std::array<float, kLanes> lanes = {};
  for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] = cascade_sum(values, lane, steps);
  for (size_t i = steps * kLanes; i < values.size(); ++i) lanes[0] += values[i];
  for (size_t lane = 1; lane < kLanes; ++lane) lanes[0] += lanes[lane];
  return lanes[0] / static_cast<float>(values.size());
}

Percentile::Percentile(const quantization::TensorQuantizationConfig& config, double percentile)
    : config_(config), percentile_(percentile) {
  if (config.is_per_channel()) {
    throw std::invalid_argument("PPQ's percentile refuses per-channel configs.");
  }
}

void Percentile::observe(const tensor::TensorView& batch) {
  const std::span<const float> seen = finite_values(batch);
  std::vector<float> values(seen.begin(), seen.end());
  const auto count = static_cast<double>(values.size());
  // Truncated products of doubles, as in the original: (1 - p) is not exactly what is left of p.
  const auto low = static_cast<size_t>(count * (1 - percentile_));
  const auto high = static_cast<size_t>(count * percentile_);
  minima_.push_back(order_statistic(values, std::min(low, values.size() - 1)));
  maxima_.push_back(order_statistic(values, std::min(high, values.size() - 1)));
}

Solution Percentile::solve(const Observations& /*observations*/) {
  if (maxima_.empty()) throw no_data();
  const float min = torch_mean(minima_);
  const float max = torch_mean(maxima_);
  return {.parameters = {affine_from_range(min, max, config_).rounded()}};
}

}  // namespace rangefinder::observers::ppq
