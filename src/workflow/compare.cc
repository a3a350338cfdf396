#include "workflow/compare.h"

#include <numeric>

#include "analysis/fusion_check.h"
#include "base/error.h"
#include "engine/session.h"
#include "quantization/error_metrics.h"

namespace rangefinder::workflow {

std::vector<report::OutputRow> compare_outputs(const std::filesystem::path& float_model,
                                               const std::filesystem::path& quantized_model,
                                               const data::SampleSource& samples,
                                               const RunOptions& run) {
  engine::Session real{engine::ModelSource(float_model)};
  engine::Session restored{engine::ModelSource(quantized_model)};
  std::map<std::string, quantization::ErrorMetrics> errors;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (run.cancelled && *run.cancelled) throw Error("stopped");
    const auto sample = samples.read(i);
    const auto expected = real.run(sample, samples.name(i));
    const auto found = restored.run(sample, samples.name(i));
    for (const auto& [name, value] : expected) {
      const auto match = found.find(name);
      if (match == found.end()) {
        throw Error("has no output '" + name + "'", {.file = quantized_model.string()});
      }
      errors[name].add(value.to_float32().floats(), match->second.to_float32().floats());
    }
    if (run.progress) run.progress("compare", i + 1, samples.size());
  }
  std::vector<report::OutputRow> rows;
  for (const auto& info : real.outputs()) {
    const auto found = errors.find(info.name);
    if (found == errors.end()) continue;
    const auto& error = found->second;
    rows.push_back({info.name, error.sqnr_db(), error.cosine(), error.max_abs_error()});
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
  comparison.outputs =
      compare_outputs(request.float_model, request.quantized_model, *samples, request.run);
  const auto fusion = analysis::check_fusion(engine::ModelSource(request.quantized_model));
  comparison.integer_nodes = fusion.integer_nodes;
  comparison.eligible_nodes = fusion.eligible_nodes;
  for (const auto& node : fusion.float_nodes) {
    comparison.float_nodes.push_back({node.name, node.op_type, node.reason});
  }
  return comparison;
}

nlohmann::ordered_json to_json(const Comparison& comparison) {
  nlohmann::ordered_json outputs = nlohmann::ordered_json::array();
  for (const auto& output : comparison.outputs) outputs.push_back(report::to_json(output));
  nlohmann::ordered_json nodes = nlohmann::ordered_json::array();
  for (const auto& node : comparison.float_nodes) nodes.push_back(report::to_json(node));
  return {{"outputs", outputs},
          {"integer_nodes", comparison.integer_nodes},
          {"eligible_nodes", comparison.eligible_nodes},
          {"samples", comparison.sample_count},
          {"float_nodes", nodes}};
}

}  // namespace rangefinder::workflow
