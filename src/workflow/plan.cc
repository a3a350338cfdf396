#include "workflow/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/name_pattern.h"
#include "base/near_names.h"
#include "base/parallel.h"
#include "engine/packed_model.h"
#include "exporters/qdq.h"
#include "graph/attributes.h"
#include "graph/model_file.h"
#include "observers/registry.h"
#include "passes/constant_range.h"
#include "passes/deciding_inputs.h"
#include "passes/exclusion.h"
#include "passes/fused_names.h"
#include "passes/known_bounds.h"
#include "passes/split_fused.h"
#include "refine/convolution_chains.h"
#include "refine/norm_outputs.h"
#include "statistics/value_histogram.h"

namespace rangefinder::workflow {
namespace {

/// Its own name, and those that the file has for what was fused into its maker.
std::vector<std::string> names_of(const Plan& plan, const std::string& observed) {
  std::vector<std::string> names = {observed};
  const auto others = plan.other_names.find(observed);
  if (others == plan.other_names.end()) return names;
  names.insert(names.end(), others->second.begin(), others->second.end());
  return names;
}

/// The observed tensors one of whose names fits a pattern: at least one, or std::invalid_argument.
std::vector<std::string> fitting(const Plan& plan, const std::string& text) {
  const NamePattern pattern(text);
  std::vector<std::string> tensors;
  std::vector<std::string> known;
  for (const auto& tensor : plan.annotation.observed()) {
    const auto names = names_of(plan, tensor);
    known.insert(known.end(), names.begin(), names.end());
    if (std::any_of(names.begin(), names.end(),
                    [&](const std::string& name) { return pattern.fits(name); })) {
      tensors.push_back(tensor);
    }
  }
  if (tensors.empty()) {
    throw std::invalid_argument(
        fmt::format("no quantized tensor fits '{}'; 'inspect' lists what a model would observe{}",
                    text, did_you_mean(text, known)));
  }
  return tensors;
}

/// What was observed only as the source of a mover or a factor before something was excluded; where
/// that source is known without data, so is what is made of it.
std::map<std::string, StandIn> stand_ins(passes::Annotation& annotation,
                                         const passes::Annotation& without_exclusion) {
  std::map<std::string, StandIn> sources;
  for (auto& tensor : annotation.tensors) {
    const auto* before = tensor.is_observed() ? without_exclusion.find(tensor.name) : nullptr;
    if (before == nullptr) continue;
    if (const auto& known = without_exclusion.find(before->root)->fixed) {
      tensor.fixed = {before->scale(known->scale), known->zero_point};
    } else if (before->root != tensor.name) {
      sources[tensor.name] = {before->root, before->factor};
    }
  }
  return sources;
}

std::optional<int64_t> rank_of(const Plan& plan, const std::string& tensor) {
  const auto info = plan.prepared.infos.find(tensor);
  if (info == plan.prepared.infos.end() || !info->second.shape) return std::nullopt;
  return static_cast<int64_t>(info->second.shape->size());
}

bool has_weights(const onnx::NodeProto& node) {
  return node.op_type() == "Conv" || node.op_type() == "Gemm" || node.op_type() == "MatMul" ||
         !passes::fused_obstacle(node).empty();
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

/// What a user can do about nodes in the branches of an If; empty: nothing.
std::string way_out_of_branches(const onnx::GraphProto& graph) {
  for (const auto& node : graph.node()) {
    if (node.op_type() != "If" || !node.domain().empty()) continue;
    const auto inputs = passes::deciding_inputs(graph, node);
    if (inputs.empty()) continue;
    return fmt::format(
        "; If '{}' goes by the input '{}', and one way only where that is an "
        "initializer instead (docs/models.md)",
        node.name(), inputs.front());
  }
  return {};
}

/// Why nothing in the model becomes codes.
std::string obstacle(const Plan& plan) {
  if (!plan.annotation.left_float.empty()) {
    const auto& first = plan.annotation.left_float.front();
    return fmt::format("{} '{}' {}", first.op_type, first.name, first.reason);
  }
  if (const size_t count = count_in_bodies(plan.prepared.model.graph()); count > 0) {
    return fmt::format(
        "its {} Conv, Gemm and MatMul nodes are in bodies of If, Loop or Scan, which stay float{}",
        count, way_out_of_branches(plan.prepared.model.graph()));
  }
  for (const auto& node : plan.prepared.model.graph().node()) {
    if (node.domain().empty()) continue;
    return fmt::format(
        "{} '{}' is of {}, no operator of ONNX, and beside such it has no Conv, Gemm "
        "or MatMul",
        node.op_type(), node.name(), node.domain());
  }
  return "it has no Conv, Gemm or MatMul";
}

}  // namespace

engine::ModelSource Plan::prepared_source() const {
  return engine::pack_model(prepared.model, source.file, prepared.held);
}

std::vector<engine::ObservedTensor> Plan::observed(const RowAxes& rows) const {
  std::vector<engine::ObservedTensor> tensors;
  for (const auto& name : annotation.observed()) {
    tensors.push_back({.name = name});
    const auto axis = rows.find(name);
    if (axis != rows.end()) tensors.back().row_axis = axis->second;
  }
  return tensors;
}

std::vector<engine::ObservedTensor> Plan::observed_with_sums(const RowAxes& rows) const {
  std::vector<engine::ObservedTensor> tensors = observed(rows);
  std::map<std::string, int64_t> missing = mean_inputs.axes;
  for (auto& tensor : tensors) {
    const auto found = missing.find(tensor.name);
    if (found == missing.end()) continue;
    tensor.sum_axis = found->second;
    missing.erase(found);
  }
  std::unordered_map<std::string, int64_t> counted;
  for (const auto& channels : scalable) {
    for (const auto& name : channels.observed) counted[name] = channels.axis;
  }
  for (auto& tensor : tensors) {
    const auto found = counted.find(tensor.name);
    if (found != counted.end()) tensor.spread_axis = found->second;
  }
  for (const auto& [name, axis] : missing) {
    tensors.push_back({.name = name, .sum_axis = axis, .is_counted = false});
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
  auto named = calibration;
  named.other_names = plan.other_names;
  for (const auto& name : plan.annotation.observed()) {
    const auto observer =
        observers::registry().create(named.method_of(name, config), config, named.options);
    const observers::Needs needs = observer->needs();
    if (needs.row_top > 0) rows[name] = axis_from_back(plan, name, needs.row_axis);
  }
  return rows;
}

void require_known_names(const Plan& plan, const passes::RuntimeCalibration& calibration) {
  for (const auto& [pattern, method] : calibration.method_for) fitting(plan, pattern);
}

namespace {

/// Before anything is run: what would become codes is numbers.
void refuse_nonfinite_constants(const graph::Graph& graph, const Plan& plan) {
  std::unordered_set<std::string> names;
  for (const auto& node : plan.annotation.weighted) names.insert(node.name);
  std::vector<const onnx::NodeProto*> weighted;
  for (const auto& node : plan.prepared.model.graph().node()) {
    if (names.contains(node.name())) weighted.push_back(&node);
  }
  try {
    parallel_for(weighted.size(), [&](size_t i) { passes::refuse_nonfinite(graph, *weighted[i]); });
  } catch (const Error& error) {
    throw error.within({.file = plan.source.name()});
  }
}

void require_writable(const Plan& plan) {
  try {
    exporters::quantized_domain(plan.prepared, *plan.target);
  } catch (const Error& error) {
    throw error.within({.file = plan.source.name()});
  }
}

/// What follows from the prepared model.
void complete(Plan& plan, const PlanOptions& options) {
  graph::Graph graph(plan.prepared.model);
  const auto excluded = passes::excluded_nodes(plan.prepared, *plan.target, options.exclude);
  plan.annotation = passes::annotate(graph, plan.prepared.infos, *plan.target, excluded);
  const auto& left_float = plan.annotation.left_float;
  const bool is_wanted = std::any_of(left_float.begin(), left_float.end(), [&](const auto& node) {
    return excluded.contains(node.name);
  });
  if (plan.annotation.weighted.empty() && !is_wanted) {
    throw Error("nothing in this model can be quantized: " + obstacle(plan),
                {.file = plan.source.name()});
  }
  refuse_nonfinite_constants(graph, plan);
  require_writable(plan);
  plan.other_names = passes::fused_names(plan.prepared, plan.annotation);
  plan.known_bounds = passes::known_bounds(graph, plan.annotation);
  if (plan.target->runs_here) {
    plan.lookup_tables = passes::find_lookup_tables(graph, plan.annotation, excluded);
  }
  plan.mean_inputs = refine::mean_inputs(graph, plan.annotation);
  plan.scalable = refine::norm_outputs(graph, plan.annotation);
  for (auto& chain :
       refine::convolution_chains(graph, plan.annotation, plan.prepared.infos, *plan.target)) {
    plan.scalable.push_back(std::move(chain));
  }
  plan.excluded = excluded;
  if (!excluded.empty()) {
    plan.stand_ins =
        stand_ins(plan.annotation, passes::annotate(graph, plan.prepared.infos, *plan.target));
  }
}

}  // namespace

Plan make_plan(const engine::ModelSource& model, const PlanOptions& options) {
  Plan plan{model, &options.target_or_default(), passes::prepare(model), {}};
  if (const auto* node = graph::find_quantized_node(plan.prepared.model)) {
    throw Error(fmt::format("is quantized already ({} '{}'); a float model is needed",
                            node->op_type(), node->name()),
                {.file = model.name()});
  }
  plan.asking = std::async(std::launch::async, [fingerprint = plan.prepared.fingerprint] {
                  fingerprint.wait();
                }).share();
  complete(plan, options);
  return plan;
}

Plan replan(const Plan& plan, passes::PreparedModel prepared, const PlanOptions& options) {
  const targets::Target* target = options.target != nullptr ? options.target : plan.target;
  Plan again{plan.source, target, std::move(prepared), {}, plan.asking};
  complete(again, options);
  return again;
}

}  // namespace rangefinder::workflow
