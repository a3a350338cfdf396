#include "workflow/solved_plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

#include "analysis/tensor_error.h"
#include "base/error.h"
#include "base/parallel.h"
#include "graph/model_file.h"
#include "quantization/affine.h"

namespace rangefinder::workflow {
namespace {

using quantization::State;
using quantization::TensorQuantizationConfig;

/// What was counted, by tensor name.
class StatisticsIndex {
 public:
  StatisticsIndex(const Plan& plan, const statistics::StatisticsFile& statistics) {
    for (const auto& tensor : statistics.tensors) {
      if (!tensor.holds_sums_alone) tensors_[tensor.name] = &tensor;
    }
    for (const auto& [tensor, stand_in] : plan.stand_ins) {
      const auto* seen = find(stand_in.source);
      if (seen != nullptr && tensors_.try_emplace(tensor, seen).second) {
        factors_[tensor] = stand_in.factor;
      }
    }
  }

  /// Null for a tensor that was not observed.
  const statistics::ObservedTensor* find(const std::string& tensor) const {
    const auto found = tensors_.find(tensor);
    return found == tensors_.end() ? nullptr : found->second;
  }

  /// The tensor's values are those that were counted times this.
  float factor(const std::string& tensor) const {
    const auto found = factors_.find(tensor);
    return found == factors_.end() ? 1 : found->second;
  }

 private:
  std::unordered_map<std::string, const statistics::ObservedTensor*> tensors_;
  std::unordered_map<std::string, float> factors_;
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

/// The configs with their names, and what was seen of the roots.
std::vector<passes::Activation> activations_of(const Plan& plan, const PlannedConfigs& planned,
                                               const StatisticsIndex& statistics,
                                               int64_t row_axis) {
  std::vector<passes::Activation> activations;
  for (size_t i = 0; i < planned.tensors.size(); ++i) {
    activations.push_back({.name = planned.tensors[i], .config = planned.configs[i]});
    if (plan.annotation.tensors[i].root != planned.tensors[i]) continue;
    activations.back().seen = observations(plan, statistics.find(planned.tensors[i]), row_axis);
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

/// The codes of what was counted, read as the tensor's values.
void scale_by(float factor, TensorQuantizationConfig& config) {
  if (factor == 1 || config.state() != State::kActivated) return;
  const double scale = static_cast<double>(config.scale[0]) * factor;
  config.activate({quantization::representable_scale(scale)}, config.offset);
}

/// A fused Clip is dropped by the runtime only if no code can stand for more than its bound.
void respect_bound(const passes::QuantizedTensor& tensor, TensorQuantizationConfig& config) {
  if (!tensor.upper_bound || config.state() != State::kActivated) return;
  const auto top = static_cast<float>(config.quant_max - config.offset[0]);
  float scale = config.scale[0];
  while (top * scale > *tensor.upper_bound) {
    scale = std::min(std::nextafter(scale, 0.0f), *tensor.upper_bound / top);
  }
  config.activate({scale}, config.offset);
}

/// `factor`: the root's values are those that were seen times this.
report::TensorRow row(const passes::QuantizedTensor& tensor, const TensorQuantizationConfig& config,
                      const statistics::ObservedTensor* seen, float factor) {
  const auto scale = static_cast<double>(tensor.scale(config.scale[0]));
  report::TensorRow row{.name = tensor.name, .root = tensor.root};
  row.method = config.observer;
  row.scale = tensor.scale(config.scale[0]);
  row.offset = config.offset[0];
  row.range_min = static_cast<double>(config.quant_min - row.offset) * scale;
  row.range_max = static_cast<double>(config.quant_max - row.offset) * scale;
  if (seen == nullptr || seen->channels.empty()) return row;
  const statistics::TensorStatistics& all = seen->channels.front();
  auto as_seen = config;
  scale_by(1 / factor, as_seen);
  const auto error = analysis::tensor_error(all, as_seen);
  row.count = all.count();
  row.nan_count = all.extrema.nan_count;
  row.inf_count = all.extrema.infinity_count();
  row.clipped_share = error.clipped_share;
  row.sqnr_db = error.sqnr_db;
  return row;
}

/// The nodes with constant weights that compute in integers, in graph order.
class WeightedNodes {
 public:
  WeightedNodes(const onnx::ModelProto& model, const passes::Annotation& annotation)
      : annotation_(annotation), model_(model), graph_(model_) {
    std::unordered_map<std::string, const onnx::NodeProto*> nodes;
    for (const auto& node : model_.graph().node()) nodes[node.name()] = &node;
    for (const auto& node : annotation.weighted) {
      if (node.has_constant_weight) nodes_.push_back(nodes.at(node.name));
    }
  }

  size_t size() const { return nodes_.size(); }
  const onnx::NodeProto& operator[](size_t i) const { return *nodes_[i]; }
  const graph::Graph& graph() const { return graph_; }
  float input_scale(size_t i, const exporters::SolvedTensors& solved) const {
    const auto* input = annotation_.find(nodes_[i]->input(0));
    return input->scale(solved.at(input->root).scale[0]);
  }

 private:
  const passes::Annotation& annotation_;
  onnx::ModelProto model_;
  graph::Graph graph_;
  std::vector<const onnx::NodeProto*> nodes_;
};

}  // namespace

std::vector<passes::QuantizedWeight> quantize_weights(const onnx::ModelProto& model,
                                                      const passes::Annotation& annotation,
                                                      const exporters::SolvedTensors& solved,
                                                      const targets::Target& target) {
  const WeightedNodes weighted(model, annotation);
  std::vector<passes::QuantizedWeight> weights(weighted.size());
  parallel_for(weighted.size(), [&](size_t i) {
    weights[i] = passes::quantize_weight(weighted.graph(), weighted[i],
                                         weighted.input_scale(i, solved), target);
  });
  return weights;
}

std::vector<passes::CalibratedActivation> calibrate(const Plan& plan, PlannedConfigs& planned,
                                                    const statistics::StatisticsFile& statistics,
                                                    const passes::RuntimeCalibration& calibration,
                                                    const ShowRaw& show_raw) {
  require_known_names(plan, calibration);
  auto named = calibration;
  named.other_names = plan.other_names;
  named.known_bounds = plan.known_bounds;
  const StatisticsIndex index(plan, statistics);
  std::vector<passes::Activation> activations =
      activations_of(plan, planned, index, calibration.options.axis);
  try {
    auto calibrated =
        named.run(activations, planned.dominance, {}, raw_pass(activations, show_raw));
    for (size_t i = 0; i < activations.size(); ++i) {
      scale_by(index.factor(activations[i].name), activations[i].config);
      respect_bound(plan.annotation.tensors[i], activations[i].config);
      planned.configs[i] = std::move(activations[i].config);
    }
    return calibrated;
  } catch (const Error& error) {
    throw error.within({.file = plan.source.name()});
  }
}

SolvedPlan complete(const Plan& plan, const PlannedConfigs& planned,
                    const statistics::StatisticsFile& statistics) {
  require_complete(plan, planned);
  const StatisticsIndex index(plan, statistics);
  SolvedPlan solution;
  for (size_t i = 0; i < planned.tensors.size(); ++i) {
    if (plan.annotation.tensors[i].root != planned.tensors[i]) continue;
    auto config = planned.configs[i];
    config.observer = planned.configs[planned.dominance.root(i)].observer;
    solution.tensors.emplace(planned.tensors[i], std::move(config));
  }
  for (const auto& tensor : plan.annotation.tensors) {
    // What a fused constant factor or a mover makes has its root's codes, and so its statistics.
    solution.rows.push_back(row(tensor, solution.tensors.at(tensor.root), index.find(tensor.root),
                                index.factor(tensor.root)));
  }
  solution.weights =
      quantize_weights(plan.prepared.model, plan.annotation, solution.tensors, *plan.target);
  return solution;
}

void correct_biases(const Plan& plan, const statistics::StatisticsFile& statistics,
                    SolvedPlan& solution) {
  const WeightedNodes weighted(plan.prepared.model, plan.annotation);
  std::unordered_map<std::string, const statistics::ObservedTensor*> seen;
  for (const auto& tensor : statistics.tensors) {
    const auto axis = plan.mean_inputs.axes.find(tensor.name);
    if (axis != plan.mean_inputs.axes.end() && tensor.sum_axis == axis->second) {
      seen[tensor.name] = &tensor;
    }
  }
  solution.corrections.resize(weighted.size());
  parallel_for(weighted.size(), [&](size_t i) {
    refine::BiasCorrection& correction = solution.corrections[i];
    correction.node = weighted[i].name();
    const auto left_out = plan.mean_inputs.left_out.find(correction.node);
    const auto input = seen.find(weighted[i].input(0));
    if (left_out != plan.mean_inputs.left_out.end()) {
      correction.obstacle = left_out->second;
    } else if (input == seen.end()) {
      correction.obstacle = "the statistics hold no sums of the channels of its input";
    } else {
      correction = refine::correct_bias(weighted.graph(), weighted[i],
                                        weighted.input_scale(i, solution.tensors),
                                        input->second->channel_sums, solution.weights[i]);
    }
  });
}

passes::RuntimeCalibration with_room(passes::RuntimeCalibration calibration, Effort effort) {
  calibration.leaves_room = effort != Effort::kFast;
  return calibration;
}

SolvedPlan solve_plan(const Plan& plan, const statistics::StatisticsFile& statistics,
                      const passes::RuntimeCalibration& calibration, const ShowRaw& show_raw) {
  PlannedConfigs planned = plan_configs(plan);
  std::unordered_map<std::string, std::map<std::string, double>> figures;
  for (auto& calibrated : calibrate(plan, planned, statistics, calibration, show_raw)) {
    figures[calibrated.name] = std::move(calibrated.figures);
  }
  SolvedPlan solution = complete(plan, planned, statistics);
  for (auto& row : solution.rows) row.figures = figures[row.root];
  return solution;
}

onnx::ModelProto export_model(const Plan& plan, const SolvedPlan& solution) {
  return exporters::write_qdq(plan.prepared, plan.annotation, solution.tensors, solution.weights,
                              solution.tables, solution.lstms, *plan.target);
}

}  // namespace rangefinder::workflow
