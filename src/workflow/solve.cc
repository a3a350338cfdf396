#include "workflow/solve.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

#include "analysis/tensor_error.h"
#include "base/error.h"
#include "base/parallel.h"
#include "graph/model_file.h"
#include "quantization/dominance.h"

namespace rangefinder::workflow {
namespace {

using quantization::TensorQuantizationConfig;

/// What was observed, by tensor name.
class StatisticsIndex {
 public:
  explicit StatisticsIndex(const statistics::StatisticsFile& statistics) {
    for (const auto& tensor : statistics.tensors) tensors_[tensor.name] = &tensor;
  }

  /// Null for a tensor that was not observed.
  const statistics::ObservedTensor* find(const std::string& tensor) const {
    const auto found = tensors_.find(tensor);
    return found == tensors_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<std::string, const statistics::ObservedTensor*> tensors_;
};

/// `row_axis`: what the methods would call the axis of the rows.
observers::Observations observations(const Plan& plan, const statistics::ObservedTensor* tensor,
                                     int64_t row_axis) {
  if (tensor == nullptr) return {};
  observers::Observations seen{.channels = tensor->channels, .batches = tensor->batch_figures};
  if (!tensor->row_top) return seen;
  seen.rows = &*tensor->row_top;
  const bool is_same = is_same_axis(plan, tensor->name, row_axis, tensor->row_axis);
  seen.row_axis = is_same ? row_axis : tensor->row_axis;
  return seen;
}

/// The tensors with parameters of their own, those that need no data already in force.
std::vector<passes::Activation> activations_of(const Plan& plan, const StatisticsIndex& statistics,
                                               int64_t row_axis) {
  std::vector<passes::Activation> activations;
  for (const auto& tensor : plan.annotation.tensors) {
    if (tensor.root != tensor.name) continue;
    activations.push_back({.name = tensor.name,
                           .config = plan.target->activation,
                           .seen = observations(plan, statistics.find(tensor.name), row_axis)});
    if (!tensor.fixed) continue;
    auto& config = activations.back().config;
    config.observer = "fixed";
    config.activate({tensor.fixed->scale}, {tensor.fixed->zero_point});
  }
  return activations;
}

passes::RawPass raw_pass(const std::vector<passes::Activation>& activations,
                         const ShowRaw& show_raw) {
  if (!show_raw) return {};
  return [&](std::span<const size_t> wanted, const passes::RawVisitor& visitor) {
    std::vector<std::string> names;
    for (const size_t i : wanted) names.push_back(activations[i].name);
    show_raw(names,
             [&](size_t place, const tensor::TensorView& batch) { visitor(wanted[place], batch); });
  };
}

/// A fused Clip is dropped by the runtime only if no code can stand for more than its bound.
void respect_bound(const passes::QuantizedTensor& tensor, TensorQuantizationConfig& config) {
  if (!tensor.upper_bound) return;
  const auto top = static_cast<float>(config.quant_max - config.offset[0]);
  while (top * config.scale[0] > *tensor.upper_bound) {
    config.scale[0] = std::min(std::nextafter(config.scale[0], 0.0f), *tensor.upper_bound / top);
  }
}

report::TensorRow row(const passes::QuantizedTensor& tensor, const TensorQuantizationConfig& config,
                      const statistics::ObservedTensor* seen) {
  const auto scale = static_cast<double>(config.scale[0] * tensor.factor);
  report::TensorRow row{.name = tensor.name, .root = tensor.root};
  row.method = config.observer;
  row.scale = config.scale[0] * tensor.factor;
  row.offset = config.offset[0];
  row.range_min = static_cast<double>(config.quant_min - row.offset) * scale;
  row.range_max = static_cast<double>(config.quant_max - row.offset) * scale;
  if (seen == nullptr || seen->channels.empty()) return row;
  const statistics::TensorStatistics& all = seen->channels.front();
  const auto error = analysis::tensor_error(all, config);
  row.count = all.count();
  row.nan_count = all.extrema.nan_count;
  row.inf_count = all.extrema.infinity_count();
  row.clipped_share = error.clipped_share;
  row.sqnr_db = error.sqnr_db;
  return row;
}

void solve_activations(const Plan& plan, const StatisticsIndex& statistics,
                       const passes::RuntimeCalibration& calibration, const ShowRaw& show_raw,
                       Solution& solution) {
  std::vector<passes::Activation> activations =
      activations_of(plan, statistics, calibration.options.axis);
  std::unordered_map<std::string, std::map<std::string, double>> figures;
  for (auto& calibrated : calibration.run(activations, quantization::Dominance(activations.size()),
                                          {}, raw_pass(activations, show_raw))) {
    figures[calibrated.name] = std::move(calibrated.figures);
  }
  for (auto& activation : activations) {
    respect_bound(*plan.annotation.find(activation.name), activation.config);
    solution.tensors.emplace(activation.name, std::move(activation.config));
  }
  for (const auto& tensor : plan.annotation.tensors) {
    // What a fused constant factor or a mover makes has its root's codes, and so its statistics.
    solution.rows.push_back(
        row(tensor, solution.tensors.at(tensor.root), statistics.find(tensor.root)));
    solution.rows.back().figures = figures[tensor.root];
  }
}

void solve_weights(const Plan& plan, Solution& solution) {
  onnx::ModelProto model = plan.prepared.model;
  const graph::Graph graph(model);
  std::unordered_map<std::string, const onnx::NodeProto*> nodes;
  for (const auto& node : model.graph().node()) nodes[node.name()] = &node;
  std::vector<const onnx::NodeProto*> weighted;
  for (const auto& node : plan.annotation.weighted) {
    if (node.has_constant_weight) weighted.push_back(nodes.at(node.name));
  }
  solution.weights.resize(weighted.size());
  parallel_for(weighted.size(), [&](size_t i) {
    const auto* input = plan.annotation.find(weighted[i]->input(0));
    const float scale = solution.tensors.at(input->root).scale[0] * input->factor;
    solution.weights[i] = passes::quantize_weight(graph, *weighted[i], scale, *plan.target);
  });
}

}  // namespace

Solution solve(const Plan& plan, const statistics::StatisticsFile& statistics,
               const passes::RuntimeCalibration& calibration, const ShowRaw& show_raw) {
  require_known_names(plan, calibration);
  Solution solution;
  try {
    solve_activations(plan, StatisticsIndex(statistics), calibration, show_raw, solution);
  } catch (const Error& error) {
    throw error.within({.file = plan.path.string()});
  }
  solve_weights(plan, solution);
  return solution;
}

onnx::ModelProto export_model(const Plan& plan, const Solution& solution) {
  return exporters::write_qdq(plan.prepared, plan.annotation, solution.tensors, solution.weights);
}

}  // namespace rangefinder::workflow
