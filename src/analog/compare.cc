#include "analog/compare.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>
#include <stdexcept>

#include "analog/calibrate.h"
#include "analog/convert.h"
#include "analog/export_model.h"
#include "analog/layer_watch.h"
#include "analog/ranges_file.h"
#include "analog/sampler.h"
#include "base/error.h"
#include "engine/session.h"
#include "graph/model_file.h"

namespace rangefinder::analog {
namespace {

/// A session on a model that also gives out some inner tensors.
engine::Session open(onnx::ModelProto model, std::span<const std::string> inner,
                     const engine::WatchOptions& run) {
  auto& graph = *model.mutable_graph();
  for (const std::string& name : inner) {
    const auto same = [&](const auto& output) { return output.name() == name; };
    if (std::any_of(graph.output().begin(), graph.output().end(), same)) continue;
    auto* output = graph.add_output();
    output->set_name(name);
    output->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  }
  return engine::Session(engine::ModelSource(graph::serialize(model), ""),
                         {.threads = std::max(1, run.jobs)});
}

OutputComparison row(const std::string& name, const quantization::ErrorMetrics& error) {
  return {name, error.sqnr_db(), error.cosine(), error.max_abs_error()};
}

std::vector<OutputComparison> output_rows(
    const onnx::ModelProto& model,
    const std::map<std::string, quantization::ErrorMetrics>& errors) {
  std::vector<OutputComparison> rows;
  for (const auto& output : model.graph().output()) {
    const auto found = errors.find(output.name());
    if (found != errors.end()) rows.push_back(row(output.name(), found->second));
  }
  return rows;
}

/// The output of the node that a layer is called at first.
std::string output_of(const AnalogModel& model, const AnalogLayer& layer) {
  for (const onnx::NodeProto& node : model.model.graph().node()) {
    if (node.name() != layer.sites.front().node) continue;
    for (const std::string& output : node.output()) {
      if (!output.empty()) return output;
    }
  }
  throw std::invalid_argument("the model has no node for the layer " + layer.name);
}

const std::string* metadata(const onnx::ModelProto& model, const std::string& key) {
  for (const auto& entry : model.metadata_props()) {
    if (entry.key() == key) return &entry.value();
  }
  return nullptr;
}

/// Entries of one slice whose magnitude is above `range`.
uint64_t clipped_count(const ActivationMatrix& activations, size_t slice, float range) {
  uint64_t count = 0;
  activations.for_each_run(slice, [&](const ElementRun& run) {
    for (size_t i = 0; i < run.length(); ++i) {
      if (std::fabs(run.values[i]) > range) count += run.weight(i);
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

std::vector<LayerComparison> layer_rows(
    const AnalogModel& model, const std::map<std::string, quantization::ErrorMetrics>& errors,
    std::vector<std::vector<double>> shares) {
  std::vector<LayerComparison> rows;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    const AnalogLayer& layer = model.layers[i];
    rows.push_back({layer.name, errors.at(output_of(model, layer)).sqnr_db(), layer.input_range,
                    std::move(shares[i])});
  }
  return rows;
}

TypeComparison judge_type(AnalogModel model, InputRangeType type,
                          const onnx::ModelProto& float_model, const data::SampleSource& samples,
                          const CompareOptions& options) {
  calibrate_input_ranges(model, type, feed_from(samples), options.calibration, options.run);
  const auto errors = model_errors(float_model, export_model(model), {}, samples, options.run);
  return {type, output_rows(float_model, errors)};
}

}  // namespace

std::map<std::string, quantization::ErrorMetrics> model_errors(const onnx::ModelProto& real,
                                                               const onnx::ModelProto& restored,
                                                               std::span<const std::string> inner,
                                                               const data::SampleSource& samples,
                                                               const engine::WatchOptions& run) {
  engine::Session real_session = open(real, inner, run);
  engine::Session restored_session = open(restored, inner, run);
  std::map<std::string, quantization::ErrorMetrics> errors;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (run.cancelled && *run.cancelled) throw Error("interrupted");
    const tensor::NamedTensors sample = samples.read(i);
    const auto expected = real_session.run(sample, samples.name(i));
    const auto found = restored_session.run(sample, samples.name(i));
    for (const auto& [name, value] : expected) {
      const auto match = found.find(name);
      if (match == found.end())
        throw Error("the analog model has no such tensor", {.tensor = name});
      errors[name].add(value.to_float32().floats(), match->second.to_float32().floats());
    }
    if (run.progress) run.progress(i + 1);
  }
  return errors;
}

AnalogModel restore_analog_model(const onnx::ModelProto& float_model,
                                 const onnx::ModelProto& exported) {
  const std::string* config = metadata(exported, kConfigKey);
  const std::string* ranges = metadata(exported, kRangesKey);
  if (config == nullptr || ranges == nullptr) {
    throw Error("the analog model tells no ranges; it must come from 'analog calibrate'");
  }
  AnalogModel model = convert_to_analog(float_model, parse_network_config(*config));
  set_ranges(parse_ranges(*ranges), model);
  return model;
}

std::vector<std::vector<double>> clipped_shares(const AnalogModel& model,
                                                const engine::SampleFeed& feed,
                                                const engine::WatchOptions& run) {
  std::vector<std::vector<Share>> counts;
  for (const AnalogLayer& layer : model.layers) counts.emplace_back(layer.slices().size());
  std::mutex mutex;
  const auto count = [&](size_t layer, const CallId&, const ActivationMatrix& activations) {
    for (size_t slice = 0; slice < counts[layer].size(); ++slice) {
      const float range = model.layers[layer].input_range.at(slice);
      const uint64_t clipped = clipped_count(activations, slice, range);
      const uint64_t all = activations.entry_count(slice);
      const std::lock_guard lock(mutex);
      counts[layer][slice].clipped += clipped;
      counts[layer][slice].all += all;
    }
  };
  watch_layers(model, feed, count, run);
  std::vector<std::vector<double>> shares;
  for (const auto& layer : counts) {
    shares.emplace_back();
    for (const Share& share : layer) shares.back().push_back(share.value());
  }
  return shares;
}

AnalogComparison compare_analog(const onnx::ModelProto& float_model,
                                const onnx::ModelProto& exported, const data::SampleSource& samples,
                                const CompareOptions& options) {
  const AnalogModel model = restore_analog_model(float_model, exported);
  std::vector<std::string> inner;
  for (const AnalogLayer& layer : model.layers) inner.push_back(output_of(model, layer));
  const auto errors = model_errors(model.model, exported, inner, samples, options.run);
  AnalogComparison result;
  result.sample_count = samples.size();
  result.outputs = output_rows(float_model, errors);
  result.layers = layer_rows(model, errors, clipped_shares(model, feed_from(samples), options.run));
  for (const InputRangeType type : options.types) {
    // The error must have a resolution to be one of rounding.
    const bool quantizes = std::all_of(model.layers.begin(), model.layers.end(), [](const auto& l) {
      return is_quantized(l.config.forward.inp_res);
    });
    if (type == InputRangeType::kMse && !quantizes) continue;
    result.types.push_back(judge_type(model, type, float_model, samples, options));
  }
  return result;
}

}  // namespace rangefinder::analog
