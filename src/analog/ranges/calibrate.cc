#include "analog/ranges/calibrate.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "analog/ranges/layer_watch.h"
#include "analog/ranges/range_method.h"
#include "base/error.h"

namespace rangefinder::analog {
namespace {

using Methods = std::vector<std::unique_ptr<RangeMethod>>;

Methods make_methods(const AnalogModel& model, InputRangeType type,
                     const InputRangeOptions& options) {
  Methods methods;
  for (const AnalogLayer& layer : model.layers) {
    methods.push_back(make_range_method(type, options, layer.config, layer.slices().size()));
  }
  return methods;
}

/// The ranges that a method found, all finite.
std::vector<float> found_ranges(const AnalogLayer& layer, const RangeMethod& method) {
  const auto ranges = method.ranges();
  if (!ranges) {
    throw Error("saw no data: no input row that is not all zero; exclude the layer, or add samples",
                {.node = layer.name});
  }
  for (const float range : *ranges) {
    if (!std::isfinite(range)) {
      throw Error(fmt::format("its input range came out as {}", range), {.node = layer.name});
    }
  }
  return *ranges;
}

}  // namespace

uint64_t calibrate_input_ranges(AnalogModel& model, InputRangeType type,
                                const engine::SampleFeed& feed, const InputRangeOptions& options,
                                const RunControl& run, const engine::Stage& stage) {
  require_options(type, options);
  if (type == InputRangeType::kNone) return 0;
  const Methods methods = make_methods(model, type, options);
  RunControl watch = run;
  if (options.compatibility == Compatibility::kAihwkit) watch.jobs = 1;
  const uint64_t samples = watch_layers(
      model, feed,
      [&](size_t layer, const CallId& call, const ActivationMatrix& activations) {
        methods[layer]->observe(call, activations);
      },
      watch, stage);
  std::vector<std::vector<float>> ranges;
  for (size_t i = 0; i < methods.size(); ++i) {
    ranges.push_back(found_ranges(model.layers[i], *methods[i]));
  }
  // Nothing can fail any more: now, and only now, the model changes.
  for (size_t i = 0; i < ranges.size(); ++i) {
    AnalogLayer& layer = model.layers[i];
    layer.input_range = std::move(ranges[i]);
    layer.config.pre_post.input_range.enable = true;
    layer.config.pre_post.input_range.dynamic = false;
  }
  return samples;
}

}  // namespace rangefinder::analog
