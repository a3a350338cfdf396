#include "workflow/leave_float.h"

#include <fmt/format.h>

#include <stdexcept>
#include <unordered_map>

#include "passes/fused_names.h"
#include "refine/mean_inputs.h"

namespace rangefinder::workflow {
namespace {

/// Its own parameters now: those that its root gave it.
quantization::TensorQuantizationConfig config_of(const SolvedPlan& solution, const Plan& full,
                                                 const std::string& name) {
  const auto* tensor = full.annotation.find(name);
  if (tensor == nullptr) {
    throw std::invalid_argument(fmt::format("'{}' has no codes in the plan that was solved", name));
  }
  auto config = solution.tensors.at(tensor->root);
  if (tensor->factor != 1) config.activate({tensor->scale(config.scale.at(0))}, config.offset);
  return config;
}

template <class Row>
std::unordered_map<std::string, const Row*> by_name(const std::vector<Row>& rows,
                                                    std::string Row::*name) {
  std::unordered_map<std::string, const Row*> found;
  for (const Row& row : rows) found[row.*name] = &row;
  return found;
}

}  // namespace

Plan leave_float(const Plan& plan, const std::unordered_set<std::string>& nodes) {
  Plan changed = plan;
  changed.excluded.insert(nodes.begin(), nodes.end());
  graph::Graph graph(changed.prepared.model);
  changed.annotation =
      passes::annotate(graph, changed.prepared.infos, *plan.target, changed.excluded);
  changed.other_names = passes::fused_names(changed.prepared, changed.annotation);
  changed.mean_inputs = refine::mean_inputs(graph, changed.annotation);
  return changed;
}

SolvedPlan keep_of(const SolvedPlan& solution, const Plan& full, const Plan& plan) {
  SolvedPlan kept;
  const auto rows = by_name(solution.rows, &report::TensorRow::name);
  for (const auto& tensor : plan.annotation.tensors) {
    if (tensor.root == tensor.name) {
      kept.tensors.emplace(tensor.name, config_of(solution, full, tensor.name));
    }
    const auto row = rows.find(tensor.name);
    if (row == rows.end()) continue;
    kept.rows.push_back(*row->second);
    kept.rows.back().root = tensor.root;
  }
  const auto weights = by_name(solution.weights, &passes::QuantizedWeight::node);
  const auto corrections = by_name(solution.corrections, &refine::BiasCorrection::node);
  for (const auto& node : plan.annotation.weighted) {
    const auto weight = weights.find(node.name);
    if (weight != weights.end()) kept.weights.push_back(*weight->second);
    const auto correction = corrections.find(node.name);
    if (correction != corrections.end()) kept.corrections.push_back(*correction->second);
  }
  // Without a node in integers it is to be the float model.
  if (!plan.annotation.weighted.empty()) {
    kept.tables = solution.tables;
    kept.lstms = solution.lstms;
  }
  kept.held = solution.held;
  return kept;
}

}  // namespace rangefinder::workflow
