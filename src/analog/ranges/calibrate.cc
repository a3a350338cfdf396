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

RangeCalibration::RangeCalibration(AnalogModel& model, InputRangeType type,
                                   const InputRangeOptions& options)
    : model_(model), type_(type), options_(options) {
  require_options(type, options);
  clear();
}

void RangeCalibration::clear() { methods_ = make_methods(model_, type_, options_); }

uint64_t RangeCalibration::observe(const engine::SampleFeed& feed, const RunControl& run,
                                   const engine::Stage& stage, const engine::Rests& rests) {
  RunControl watch = run;
  if (options_.compatibility == Compatibility::kAihwkit) watch.jobs = 1;
  return watch_layers(
      model_, feed,
      [&](size_t layer, const CallId& call, const ActivationMatrix& activations) {
        methods_[layer]->observe(call, activations);
      },
      watch, stage, rests);
}

std::string RangeCalibration::bytes() const {
  statistics::WireWriter to;
  to.varint(methods_.size());
  for (const auto& method : methods_) {
    statistics::WireWriter seen;
    method->encode(seen);
    to.text(seen.bytes());
  }
  return to.bytes();
}

void RangeCalibration::add(std::string_view bytes, const std::string& from) {
  statistics::WireReader reader(bytes, from);
  if (reader.count(1) != methods_.size()) reader.fail("another number of layers");
  for (const auto& method : methods_) {
    statistics::WireReader seen(reader.text(), from);
    method->add(seen);
    if (!seen.at_end()) seen.fail("bytes behind what a layer saw");
  }
  if (!reader.at_end()) reader.fail("bytes behind the last layer");
}

void RangeCalibration::finish() {
  std::vector<std::vector<float>> ranges;
  for (size_t i = 0; i < methods_.size(); ++i) {
    ranges.push_back(found_ranges(model_.layers[i], *methods_[i]));
  }
  // Nothing can fail any more: now, and only now, the model changes.
  for (size_t i = 0; i < ranges.size(); ++i) {
    AnalogLayer& layer = model_.layers[i];
    layer.input_range = std::move(ranges[i]);
    layer.config.pre_post.input_range.enable = true;
    layer.config.pre_post.input_range.dynamic = false;
  }
}

uint64_t calibrate_input_ranges(AnalogModel& model, InputRangeType type,
                                const engine::SampleFeed& feed, const InputRangeOptions& options,
                                const RunControl& run, const engine::Stage& stage) {
  require_options(type, options);
  if (type == InputRangeType::kNone) return 0;
  RangeCalibration calibration(model, type, options);
  const uint64_t samples = require_samples(calibration.observe(feed, run, stage));
  calibration.finish();
  return samples;
}

}  // namespace rangefinder::analog
