#include "workflow/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "analysis/fusion_check.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "base/printable.h"
#include "engine/latency.h"
#include "engine/packed_model.h"
#include "engine/session.h"
#include "graph/graph.h"
#include "passes/widen_float16.h"
#include "report/json_text.h"
#include "workflow/network_nodes.h"
#include "workflow/node_times.h"
#include "workflow/reference.h"
#include "workflow/sample_check.h"

namespace rangefinder::workflow {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

/// Why an output has no figures; empty if it has.
std::string reason_of(const analysis::OutputError& output) {
  if (!output.obstacle.empty()) return output.obstacle;
  if (output.metrics.count() > 0) return {};
  if (output.metrics.nonfinite_count() > 0) return "no pair of values is finite";
  const uint64_t others = output.shape_mismatch_count;
  if (output.sample_count == 0 && others == 0) return "no sample could be run";
  if (output.sample_count == 0) return fmt::format("another shape on all {} samples", others);
  if (others == 0) return "it holds no values";
  return fmt::format("another shape on {} of {} samples, no values on the others", others,
                     output.sample_count + others);
}

bool loads(const engine::ModelSource& model) {
  try {
    const engine::Session session(model, {.is_for_looking = true});
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// The model as ONNX Runtime runs it where it refuses the file: two nodes of one name, bfloat16.
engine::ModelSource mended(const engine::ModelSource& model) {
  engine::HeldModel held{engine::load_model(model).model, model.held};
  graph::name_nodes(held.model);
  if (passes::widen_float16(held.model)) engine::move_weights_to_file(held);
  return engine::pack_model(held.model, model.file, held.held);
}

analysis::ModelError measure(const engine::ModelSource& given,
                             const engine::ModelSource& quantized_model,
                             const data::SampleSource& samples,
                             const analysis::ModelErrorOptions& options) {
  const engine::ModelSource float_model = engine::runnable(given);
  try {
    return analysis::model_error(float_model, quantized_model, samples, options);
  } catch (const Error&) {
    const bool cancelled = options.run.cancelled && *options.run.cancelled;
    if (cancelled || loads(float_model)) throw;
  }
  return analysis::model_error(mended(float_model), quantized_model, samples, options);
}

Latency measure_latency(const engine::ModelSource& real, const engine::ModelSource& quantized,
                        const data::SampleSource& samples) {
  const std::array models = {real, quantized};
  const auto seconds = engine::median_latency(models, samples.read(0), samples.name(0));
  return {seconds[0], seconds[1]};
}

/// The outputs are compared already: what cannot be timed kernel by kernel is left out.
void try_node_times(const engine::ModelSource& real, const engine::ModelSource& quantized,
                    const engine::ModelSource& optimized, const data::SampleSource& samples,
                    Comparison& comparison) {
  try {
    auto told = compare_node_times(real, quantized, optimized, samples);
    if (!told) return;
    comparison.node_times = std::move(told->times);
    comparison.nodes = std::move(told->nodes);
  } catch (const Error&) {
    stop_if_cancelled();
  }
}

void measure_times(const CompareRequest& request, const engine::ModelSource& optimized,
                   const data::SampleSource& samples, Comparison& comparison) {
  const engine::ModelSource original = engine::runnable(request.float_model);
  const engine::ModelSource real = loads(original) ? original : mended(original);
  try {
    comparison.latency = measure_latency(real, request.quantized_model, samples);
  } catch (const Error&) {
    if (request.measure_latency) throw;
    stop_if_cancelled();  // The first sample is one that cannot be run.
  }
  if (request.node_times) {
    try_node_times(real, request.quantized_model, optimized, samples, comparison);
  }
}

using analysis::SamplePower;

/// Of samples alone a bound needs so many to be of use.
constexpr size_t kEnoughAlone = 8;

/// The worse of what the samples show alone - by the bound, where they are enough for one - and the
/// bound of them and those that join them.
std::optional<double> worse_bound(std::vector<SamplePower> samples,
                                  const std::vector<SamplePower>& more) {
  const auto alone = samples.size() >= kEnoughAlone ? analysis::sqnr_bound_db(samples)
                                                    : analysis::sqnr_db(samples);
  samples.insert(samples.end(), more.begin(), more.end());
  const auto all = analysis::sqnr_bound_db(samples);
  return alone && all ? std::min(*alone, *all) : all;
}

void tell_bounds(const analysis::OutputError& output, const analysis::OutputError* more,
                 report::OutputRow& row) {
  const analysis::OutputError none;
  if (more == nullptr) more = &none;
  row.joined_count = more->sample_count;
  row.sqnr_bound_db = worse_bound(output.powers, more->powers);
  // Not if some samples alone are shares: they are of others then, or no classes.
  if (output.score_powers.size() == output.sample_count) {
    row.score_sqnr_db = analysis::sqnr_db(output.score_powers);
    row.score_bound_db = worse_bound(output.score_powers, more->score_powers);
  }
  for (size_t i = 0; i < output.sections.size(); ++i) {
    const auto& section = output.sections[i];
    const bool has_more = i < more->sections.size();
    row.judged_at.push_back(
        {.name = section.name,
         .sqnr_db = analysis::sqnr_db(section.powers).value_or(kNothing),
         .sqnr_bound_db = worse_bound(
             section.powers, has_more ? more->sections[i].powers : std::vector<SamplePower>())});
  }
  analysis::TopRows top = output.top;
  top.merge(more->top);
  if (!top.are_classes()) return;
  row.same_top_share = top.same_share();
  row.top_loss = top.mean_loss();
  row.top_loss_bound = top.loss_bound();
  row.text_loss = top.mean_text_loss();
}

/// Models with many outputs get fewer values of each.
void thin_values(std::vector<report::OutputRow>& outputs) {
  constexpr size_t kMostOfAll = 4096;
  constexpr size_t kLeast = 64;
  const size_t most = std::max(kLeast, kMostOfAll / std::max<size_t>(1, outputs.size()));
  for (auto& output : outputs) {
    const size_t step = (output.values.size() + most - 1) / most;
    if (step <= 1) continue;
    for (size_t i = 0; i * step < output.values.size(); ++i) {
      output.values[i] = output.values[i * step];
    }
    output.values.resize((output.values.size() + step - 1) / step);
  }
}

/// Of a model for another runtime: which that is, and what is written with codes.
struct Foreign {
  std::string target;
  WrittenNodes nodes = {};
};

Foreign foreign_of(const engine::ModelSource& quantized) {
  const onnx::ModelProto message = engine::parse_model(quantized);
  Foreign foreign{.target = foreign_target(message)};
  if (!foreign.target.empty()) foreign.nodes = written_nodes(message);
  return foreign;
}

void tell_written(const Foreign& foreign, Comparison& comparison) {
  comparison.reference = foreign.target;
  comparison.integer_nodes = foreign.nodes.in_codes;
  comparison.eligible_nodes = foreign.nodes.all;
}

void tell_kernels(const analysis::FusionReport& fusion, Comparison& comparison) {
  comparison.integer_nodes = fusion.integer_nodes;
  comparison.eligible_nodes = fusion.eligible_nodes;
  comparison.float_nodes = float_rows(fusion.float_nodes);
}

}  // namespace

report::OutputRow row_of(const analysis::OutputError& output, const analysis::OutputError* more) {
  const auto& metrics = output.metrics;
  report::OutputRow row{.name = output.name, .reason = reason_of(output)};
  const bool is_measured = row.reason.empty();
  row.sqnr_db = is_measured ? metrics.sqnr_db() : kNothing;
  row.cosine = is_measured ? metrics.cosine() : kNothing;
  row.max_abs_error = is_measured ? metrics.max_abs_error() : kNothing;
  row.nonfinite_count = metrics.nonfinite_count();
  row.sample_count = output.sample_count;
  row.shape_mismatch_count = output.shape_mismatch_count;
  row.equal_share = output.equal_share();
  row.values = output.values.pairs();
  if (is_measured) tell_bounds(output, more, row);
  return row;
}

OutputErrors rows_of(analysis::ModelError found) {
  OutputErrors errors;
  for (size_t i = 0; i < found.outputs.size(); ++i) {
    const bool has_more = i < found.more_outputs.size();
    errors.outputs.push_back(row_of(found.outputs[i], has_more ? &found.more_outputs[i] : nullptr));
  }
  for (auto& [name, reason] : found.left_out) {
    errors.left_out.push_back({std::move(name), std::move(reason)});
  }
  thin_values(errors.outputs);
  return errors;
}

OutputErrors compare_outputs(const engine::ModelSource& float_model,
                             const engine::ModelSource& quantized_model,
                             const data::SampleSource& samples,
                             const analysis::ModelErrorOptions& options) {
  return rows_of(measure(float_model, quantized_model, samples, options));
}

Comparison compare(const CompareRequest& request) {
  const Cancellation heeded(request.run.cancelled);
  const auto samples = as_list(request.samples, request.sample_limit);
  Comparison comparison;
  comparison.sample_count = samples->size();
  comparison.float_model = request.float_model.name();
  comparison.quantized_model = request.quantized_model.name();
  if (samples->size() == 0) throw Error("there are no samples to compare on");
  const engine::ModelSource& quantized = request.quantized_model;
  analysis::ModelErrorOptions options{.run = request.run};
  if (request.run.nonfinite == Nonfinite::kError) {
    options.check = check_quantized(request.float_model, quantized);
  }
  const Foreign foreign = foreign_of(quantized);
  if (!foreign.target.empty()) {
    if (request.measure_latency) {
      throw Error(fmt::format("is written for target {}, whose runtime is not here: its latency "
                              "cannot be measured",
                              foreign.target),
                  {.file = quantized.name()});
    }
    options.open_other = [&] { return open_plain(quantized); };
  }
  OutputErrors errors = compare_outputs(request.float_model, quantized, *samples, options);
  if (!errors.left_out.empty() && errors.left_out.size() == samples->size()) {
    throw Error(errors.left_out.front().reason);
  }
  comparison.outputs = std::move(errors.outputs);
  comparison.left_out = std::move(errors.left_out);
  if (!foreign.target.empty()) {
    tell_written(foreign, comparison);
    return comparison;
  }
  const auto fusion = analysis::check_fusion(quantized);
  tell_kernels(fusion, comparison);
  if (request.measure_latency || request.node_times) {
    measure_times(request, fusion.optimized, *samples, comparison);
  }
  return comparison;
}

nlohmann::ordered_json to_json(const Comparison& comparison) {
  nlohmann::ordered_json outputs = nlohmann::ordered_json::array();
  for (const auto& output : comparison.outputs) outputs.push_back(report::to_json(output));
  nlohmann::ordered_json left_out = nlohmann::ordered_json::array();
  for (const auto& sample : comparison.left_out) left_out.push_back(report::to_json(sample));
  nlohmann::ordered_json nodes = nlohmann::ordered_json::array();
  for (const auto& node : comparison.float_nodes) nodes.push_back(report::to_json(node));
  nlohmann::ordered_json json = {
      {"outputs", outputs},
      {"integer_nodes", comparison.integer_nodes},
      {"eligible_nodes", comparison.eligible_nodes},
      {"samples", comparison.sample_count},
      {"left_out_samples", left_out},
      {"float_nodes", nodes},
      {"reference", comparison.reference.empty() ? Json(nullptr) : Json(comparison.reference)}};
  if (comparison.latency) {
    json["latency"] = {{"float_seconds", comparison.latency->float_seconds},
                       {"quantized_seconds", comparison.latency->quantized_seconds},
                       {"ratio", comparison.latency->ratio()}};
  }
  if (comparison.node_times) {
    json["node_times"] = report::to_json(comparison.node_times);
    json["nodes"] = Json::array();
    for (const auto& node : comparison.nodes) json["nodes"].push_back(report::to_json(node));
  }
  return json;
}

std::string to_table(const Comparison& comparison) {
  std::string text = report::outputs_table(comparison.outputs, comparison.left_out);
  auto out = std::back_inserter(text);
  if (!comparison.reference.empty()) {
    fmt::format_to(out, "{} of {} Conv, Gemm and MatMul nodes are written with codes; {}\n",
                   comparison.integer_nodes, comparison.eligible_nodes,
                   reference_remark(printable(comparison.reference)));
    return text;
  }
  fmt::format_to(out, "{} of {} Conv, Gemm and MatMul kernels compute in integers\n",
                 comparison.integer_nodes, comparison.eligible_nodes);
  if (const auto& latency = comparison.latency) {
    fmt::format_to(out, "one sample on one thread: {:.2f} ms, {:.2f} ms quantized ({:.2f}x)\n",
                   latency->float_seconds * 1e3, latency->quantized_seconds * 1e3,
                   latency->ratio());
  }
  return text;
}

}  // namespace rangefinder::workflow

namespace rangefinder {

std::string Comparison::table() const { return workflow::to_table(*this); }
std::string Comparison::json() const { return report::json_text(workflow::to_json(*this)); }

}  // namespace rangefinder
