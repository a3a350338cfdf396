#include "workflow/analog_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "analog/export/export_model.h"
#include "analog/export/restore_model.h"
#include "analog/ranges/calibrate.h"
#include "analog/ranges/clipped_shares.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "engine/packed_model.h"
#include "passes/prepare_analog.h"
#include "report/json_text.h"
#include "workflow/compare.h"
#include "workflow/model_errors.h"

namespace rangefinder::workflow {
namespace {

using Json = nlohmann::ordered_json;
using Errors = std::map<std::string, report::OutputRow>;

Errors by_name(const std::vector<analysis::OutputError>& errors) {
  Errors rows;
  for (const auto& output : errors) rows[output.name] = row_of(output);
  return rows;
}

std::vector<report::OutputRow> output_rows(const onnx::ModelProto& model, const Errors& errors) {
  std::vector<report::OutputRow> rows;
  for (const auto& output : model.graph().output()) {
    const auto found = errors.find(output.name());
    if (found != errors.end()) rows.push_back(found->second);
  }
  return rows;
}

/// The output of the node that a layer is called at first.
std::string output_of(const analog::AnalogModel& model, const analog::AnalogLayer& layer) {
  for (const onnx::NodeProto& node : model.model.graph().node()) {
    if (node.name() != layer.sites.front().node) continue;
    for (const std::string& output : node.output()) {
      if (!output.empty()) return output;
    }
  }
  throw std::invalid_argument("the model has no node for the layer " + layer.name);
}

std::vector<LayerRow> layer_rows(const analog::AnalogModel& model, const Errors& errors,
                                 const data::SampleSource& samples, const RunControl& run) {
  auto shares =
      analog::clipped_shares(model, engine::feed_from(samples), run, {"compare", samples.size()});
  std::vector<LayerRow> rows;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    const analog::AnalogLayer& layer = model.layers[i];
    LayerRow row{errors.at(output_of(model, layer)), layer.input_range, std::move(shares[i])};
    row.output.name = layer.name;
    rows.push_back(std::move(row));
  }
  return rows;
}

TypeRow judge_type(analog::AnalogModel model, analog::InputRangeType type,
                   const data::SampleSource& samples, const AnalogCompareOptions& options) {
  analog::calibrate_input_ranges(model, type, engine::feed_from(samples), options.calibration,
                                 options.run, {"compare", samples.size()});
  const auto errors =
      model_errors(model.model, analog::export_model(model), {}, samples, options.run);
  return {type, output_rows(model.model, by_name(errors))};
}

/// The error must have a resolution to be one of rounding.
bool can_judge(const analog::AnalogModel& model, analog::InputRangeType type) {
  return type != analog::InputRangeType::kMse ||
         std::all_of(model.layers.begin(), model.layers.end(), [](const auto& layer) {
           return analog::is_quantized(layer.config.forward.inp_res);
         });
}

Json outputs_json(const std::vector<report::OutputRow>& outputs) {
  Json rows = Json::array();
  for (const auto& row : outputs) rows.push_back(report::to_json(row));
  return rows;
}

Json layer_json(const LayerRow& layer) {
  Json json = {{"name", layer.output.name},
               {"sqnr_db", report::to_json(layer.output)["sqnr_db"]},
               {"input_range", layer.input_range},
               {"clipped_share", layer.clipped_share},
               {"shape_mismatch_count", layer.output.shape_mismatch_count}};
  return json;
}

void add_outputs(const std::string& what, const std::vector<report::OutputRow>& outputs,
                 std::string& text) {
  auto out = std::back_inserter(text);
  for (const auto& row : outputs) {
    if (!row.reason.empty()) {
      fmt::format_to(out, "{:<40} {:>9}  not compared: {}\n", what + row.name, "-", row.reason);
      continue;
    }
    fmt::format_to(out, "{:<40} {:>9.2f}  cosine {:.6f}, largest error {:g}\n", what + row.name,
                   row.sqnr_db, row.cosine, row.max_abs_error);
    text += report::shape_remark(row);
  }
}

AnalogComparison compare_restored(const analog::AnalogModel& model,
                                  const onnx::ModelProto& exported,
                                  const data::SampleSource& samples,
                                  const AnalogCompareOptions& options) {
  std::vector<std::string> inner;
  for (const auto& layer : model.layers) inner.push_back(output_of(model, layer));
  const Errors errors = by_name(model_errors(model.model, exported, inner, samples, options.run));
  AnalogComparison result;
  result.sample_count = samples.size();
  result.outputs = output_rows(model.model, errors);
  result.layers = layer_rows(model, errors, samples, options.run);
  for (const analog::InputRangeType type : options.types) {
    if (can_judge(model, type)) result.types.push_back(judge_type(model, type, samples, options));
  }
  if (options.noise_draws > 0) {
    result.noise = study_noise(
        model, samples, {.draws = options.noise_draws, .seed = options.seed, .run = options.run});
  }
  return result;
}

analog::AnalogModel restore(const onnx::ModelProto& float_model, const onnx::ModelProto& exported,
                            const std::filesystem::path& path) {
  try {
    return analog::restore_analog_model(float_model, exported);
  } catch (const Error& error) {
    throw error.within({.file = path.string()});
  }
}

}  // namespace

AnalogComparison compare_analog(const onnx::ModelProto& float_model,
                                const onnx::ModelProto& exported, const data::SampleSource& samples,
                                const AnalogCompareOptions& options) {
  return compare_restored(analog::restore_analog_model(float_model, exported), exported, samples,
                          options);
}

AnalogComparison compare_analog(const AnalogCompareRequest& request) {
  analog::require_options(analog::InputRangeType::kMax, request.options.calibration);
  const Cancellation heeded(request.options.run.cancelled);
  const auto samples = as_list(request.samples, request.sample_limit);
  const auto float_model = passes::prepare_analog(engine::load_model(request.float_model).model,
                                                  request.float_model.file);
  const auto exported = engine::load_model(request.analog_model).model;
  AnalogComparison comparison =
      compare_restored(restore(float_model, exported, request.analog_model.file), exported,
                       *samples, request.options);
  comparison.float_model = request.float_model.name();
  comparison.analog_model = request.analog_model.name();
  return comparison;
}

nlohmann::ordered_json to_json(const AnalogComparison& comparison) {
  Json layers = Json::array();
  for (const auto& layer : comparison.layers) layers.push_back(layer_json(layer));
  Json types = Json::object();
  for (const auto& type : comparison.types) {
    types[analog::to_string(type.type)] = {{"outputs", outputs_json(type.outputs)}};
  }
  Json json = {{"outputs", outputs_json(comparison.outputs)},
               {"layers", layers},
               {"types", types},
               {"samples", comparison.sample_count}};
  if (const auto& noise = comparison.noise) {
    json["noise"] = {{"relative_error", noise->relative_error},
                     {"mean", noise->mean},
                     {"spread", noise->spread},
                     {"without_noise", noise->without_noise}};
  }
  return json;
}

std::string to_table(const AnalogComparison& comparison) {
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{:<40} {:>9}  {}\n", "layer", "SQNR dB", "clipped inputs per slice");
  for (const auto& layer : comparison.layers) {
    fmt::format_to(out, "{:<40} {:>9.2f}", layer.output.name, layer.output.sqnr_db);
    for (const double share : layer.clipped_share) fmt::format_to(out, "  {:.4f} %", 100.0 * share);
    text += '\n';
  }
  add_outputs("output ", comparison.outputs, text);
  for (const auto& type : comparison.types) {
    add_outputs(fmt::format("by {}: ", analog::to_string(type.type)), type.outputs, text);
  }
  if (const auto& noise = comparison.noise) {
    fmt::format_to(out, "noise: relative error {:.5f} +- {:.5f} over {} draws, {:.5f} without\n",
                   noise->mean, noise->spread, noise->relative_error.size(), noise->without_noise);
  }
  return text;
}

}  // namespace rangefinder::workflow

namespace rangefinder {

std::string AnalogComparison::table() const { return workflow::to_table(*this); }
std::string AnalogComparison::json() const { return report::json_text(workflow::to_json(*this)); }

}  // namespace rangefinder
