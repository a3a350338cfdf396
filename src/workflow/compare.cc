#include "workflow/compare.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>

#include "analysis/compare.h"
#include "analysis/fusion_check.h"
#include "engine/latency.h"

namespace rangefinder::workflow {

std::vector<report::OutputRow> compare_outputs(const engine::ModelSource& float_model,
                                               const engine::ModelSource& quantized_model,
                                               const data::SampleSource& samples,
                                               const RunOptions& run) {
  engine::PassOptions pass;
  pass.jobs = run.jobs;
  pass.cancelled = run.cancelled;
  if (run.progress) {
    pass.progress = [&run](size_t done, size_t total) { run.progress("compare", done, total); };
  }
  std::vector<report::OutputRow> rows;
  for (const auto& [name, metrics] :
       analysis::compare(float_model, quantized_model, samples, pass, run.nonfinite)) {
    rows.push_back({name, metrics.sqnr_db(), metrics.cosine(), metrics.max_abs_error(),
                    metrics.nonfinite_count()});
  }
  return rows;
}

Comparison compare(const CompareRequest& request) {
  auto samples = data::open_samples(request.data.paths, request.data.picture);
  if (request.data.samples && *request.data.samples < samples->size()) {
    std::vector<size_t> first(*request.data.samples);
    std::iota(first.begin(), first.end(), size_t{0});
    samples = data::select_samples(samples, first);
  }
  Comparison comparison;
  comparison.sample_count = samples->size();
  const engine::ModelSource quantized(request.quantized_model);
  comparison.outputs =
      compare_outputs(engine::ModelSource(request.float_model), quantized, *samples, request.run);
  const auto fusion = analysis::check_fusion(quantized);
  comparison.integer_nodes = fusion.integer_nodes;
  comparison.eligible_nodes = fusion.eligible_nodes;
  for (const auto& node : fusion.float_nodes) {
    comparison.float_nodes.push_back({node.name, node.op_type, node.reason});
  }
  if (request.measure_latency) {
    const std::array<engine::ModelSource, 2> models = {engine::ModelSource(request.float_model),
                                                       quantized};
    const auto seconds = engine::median_latency(models, samples->read(0), samples->name(0));
    comparison.latency = {seconds[0], seconds[1]};
  }
  return comparison;
}

nlohmann::ordered_json to_json(const Comparison& comparison) {
  nlohmann::ordered_json outputs = nlohmann::ordered_json::array();
  for (const auto& output : comparison.outputs) outputs.push_back(report::to_json(output));
  nlohmann::ordered_json nodes = nlohmann::ordered_json::array();
  for (const auto& node : comparison.float_nodes) nodes.push_back(report::to_json(node));
  nlohmann::ordered_json json = {{"outputs", outputs},
                                 {"integer_nodes", comparison.integer_nodes},
                                 {"eligible_nodes", comparison.eligible_nodes},
                                 {"samples", comparison.sample_count},
                                 {"float_nodes", nodes}};
  if (comparison.latency) {
    json["latency"] = {{"float_seconds", comparison.latency->float_seconds},
                       {"quantized_seconds", comparison.latency->quantized_seconds},
                       {"ratio", comparison.latency->ratio()}};
  }
  return json;
}

std::string to_table(const Comparison& comparison) {
  std::string text = report::outputs_table(comparison.outputs);
  auto out = std::back_inserter(text);
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
