#include "workflow/plan.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/model_file.h"
#include "observers/registry.h"
#include "statistics/value_histogram.h"

namespace rangefinder::workflow {
namespace {

/// The observed tensors whose names fit a pattern: at least one, or std::invalid_argument.
std::vector<std::string> fitting(const Plan& plan, const std::string& pattern) {
  std::vector<std::string> names;
  for (const auto& name : plan.annotation.observed()) {
    if (::fnmatch(pattern.c_str(), name.c_str(), 0) == 0) names.push_back(name);
  }
  if (names.empty()) {
    throw std::invalid_argument(fmt::format(
        "no quantized tensor fits '{}'; 'inspect' lists what a model would observe", pattern));
  }
  return names;
}

std::optional<int64_t> rank_of(const Plan& plan, const std::string& tensor) {
  const auto info = plan.prepared.infos.find(tensor);
  if (info == plan.prepared.infos.end() || !info->second.shape) return std::nullopt;
  return static_cast<int64_t>(info->second.shape->size());
}

bool has_weights(const onnx::NodeProto& node) {
  return node.op_type() == "Conv" || node.op_type() == "Gemm" || node.op_type() == "MatMul";
}

/// Nodes with weights in the bodies of If, Loop and Scan.
size_t count_in_bodies(const onnx::GraphProto& graph) {
  size_t count = 0;
  for (const auto& node : graph.node()) {
    graph::for_each_subgraph(node, [&](const onnx::GraphProto& body) {
      const auto& nodes = body.node();
      count += static_cast<size_t>(std::count_if(nodes.begin(), nodes.end(), has_weights));
      count += count_in_bodies(body);
    });
  }
  return count;
}

/// Why nothing in the model becomes codes.
std::string obstacle(const Plan& plan) {
  if (!plan.annotation.left_float.empty()) {
    const auto& first = plan.annotation.left_float.front();
    return fmt::format("{} '{}' {}", first.op_type, first.name, first.reason);
  }
  if (const size_t count = count_in_bodies(plan.prepared.model.graph()); count > 0) {
    return fmt::format(
        "its {} Conv, Gemm and MatMul nodes are in bodies of If, Loop or Scan, which stay float",
        count);
  }
  return "it has no Conv, Gemm or MatMul";
}

}  // namespace

std::vector<engine::ObservedTensor> Plan::observed(const RowAxes& rows) const {
  std::vector<engine::ObservedTensor> tensors;
  for (const auto& name : annotation.observed()) {
    tensors.push_back({.name = name});
    const auto axis = rows.find(name);
    if (axis != rows.end()) tensors.back().row_axis = axis->second;
  }
  return tensors;
}

uint64_t Plan::fingerprint() const {
  std::string text = fmt::format("m={};", statistics::ValueHistogram::kMantissaBits);
  for (const auto& tensor : observed()) {
    text += fmt::format("{}:{};", tensor.name, tensor.channel_axis);
  }
  return graph::fingerprint(text);
}

int64_t axis_from_back(const Plan& plan, const std::string& tensor, int64_t axis) {
  const auto rank = rank_of(plan, tensor);
  if (!rank) return axis;
  if (axis < -*rank || axis >= *rank) {
    throw std::invalid_argument(
        fmt::format("axis {} of '{}' is asked for, which has {} dimensions", axis, tensor, *rank));
  }
  return axis < 0 ? axis : axis - *rank;
}

bool is_same_axis(const Plan& plan, const std::string& tensor, int64_t axis, int64_t other) {
  return axis == other || std::abs(axis - other) == rank_of(plan, tensor);
}

RowAxes default_rows(const Plan& plan) {
  RowAxes rows;
  for (const auto& name : plan.annotation.observed()) {
    if (rank_of(plan, name) == 2) rows[name] = -1;
  }
  return rows;
}

RowAxes rows_of(const Plan& plan, const std::vector<std::string>& patterns, int64_t axis) {
  RowAxes rows = default_rows(plan);
  for (const std::string& pattern : patterns) {
    for (const std::string& name : fitting(plan, pattern))
      rows[name] = axis_from_back(plan, name, axis);
  }
  return rows;
}

RowAxes rows_of(const Plan& plan, const passes::RuntimeCalibration& calibration) {
  require_known_names(plan, calibration);
  RowAxes rows = default_rows(plan);
  const auto& config = plan.target->activation;
  for (const auto& name : plan.annotation.observed()) {
    const auto observer = observers::registry().create(calibration.method_of(name, config), config,
                                                       calibration.options);
    const observers::Needs needs = observer->needs();
    if (needs.row_top > 0) rows[name] = axis_from_back(plan, name, needs.row_axis);
  }
  return rows;
}

void require_known_names(const Plan& plan, const passes::RuntimeCalibration& calibration) {
  for (const auto& [pattern, method] : calibration.method_for) fitting(plan, pattern);
}

Plan make_plan(const std::filesystem::path& model, const PlanOptions& options) {
  Plan plan{model, &options.target_or_default(), passes::prepare(model), {}};
  if (const auto* node = graph::find_quantized_node(plan.prepared.model)) {
    throw Error(fmt::format("is quantized already ({} '{}'); a float model is needed",
                            node->op_type(), node->name()),
                {.file = model.string()});
  }
  graph::Graph graph(plan.prepared.model);
  plan.annotation = passes::annotate(graph, plan.prepared.infos, *plan.target, options.exclude);
  if (plan.annotation.weighted.empty()) {
    throw Error("nothing in this model can be quantized: " + obstacle(plan),
                {.file = model.string()});
  }
  return plan;
}

}  // namespace rangefinder::workflow
