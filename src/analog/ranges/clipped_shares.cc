#include "analog/ranges/clipped_shares.h"

#include <bit>
#include <cmath>
#include <mutex>

#include "analog/ranges/layer_watch.h"
#include "analog/ranges/range_method.h"

namespace rangefinder::analog {
namespace {

/// Entries of one slice whose magnitude is above `range`. Throws std::domain_error on NaN or
/// infinity.
uint64_t clipped_count(const ActivationMatrix& activations, size_t slice, float range) {
  uint64_t count = 0;
  activations.for_each_run(slice, [&](const ElementRun& run) {
    for (size_t i = 0; i < run.length(); ++i) {
      const float magnitude = std::fabs(run.values[i]);
      if (magnitude <= range) continue;
      const uint64_t weight = run.weight(i);
      if (weight > 0) require_finite(std::bit_cast<uint32_t>(magnitude));
      count += weight;
    }
  });
  return count;
}

struct Share {
  uint64_t clipped = 0;
  uint64_t all = 0;

  double value() const {
    return all == 0 ? 0.0 : static_cast<double>(clipped) / static_cast<double>(all);
  }
};

}  // namespace

std::vector<std::vector<double>> clipped_shares(const AnalogModel& model,
                                                const engine::SampleFeed& feed,
                                                const RunControl& run, const engine::Stage& stage) {
  std::vector<std::vector<Share>> counts;
  for (const AnalogLayer& layer : model.layers) counts.emplace_back(layer.input_range.size());
  std::mutex mutex;
  const auto count = [&](size_t layer, const CallId&, const ActivationMatrix& activations) {
    for (size_t slice = 0; slice < counts[layer].size(); ++slice) {
      const float range = model.layers[layer].input_range[slice];
      const uint64_t all = activations.entry_count(slice);
      const uint64_t outside = clipped_count(activations, slice, range);
      // Padding is not visited: its zeros lie outside of negative ranges alone.
      const uint64_t clipped = range < 0.0f ? all : outside;
      const std::lock_guard lock(mutex);
      counts[layer][slice].clipped += clipped;
      counts[layer][slice].all += all;
    }
  };
  require_samples(watch_layers(model, feed, count, run, stage));
  std::vector<std::vector<double>> shares;
  for (const auto& layer : counts) {
    shares.emplace_back();
    for (const Share& share : layer) shares.back().push_back(share.value());
  }
  return shares;
}

}  // namespace rangefinder::analog
