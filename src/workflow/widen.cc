// Two solutions of one network, in both widths, and a mix takes of each tensor and node the numbers
// that it needs. So a mix has nothing to solve, and statistics with a decisions file give its
// bytes:
//
//   narrow: x ── conv1 ── a ── conv2 ── b        8 bits
//   wide:   x ══ conv1 ══ a ══ conv2 ══ b        16 bits
//   mix:    x ── conv1 ── a ─► a ══ conv2 ══ b   conv2 on wider codes: a is converted for it

#include "workflow/widen.h"

#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "targets/wider.h"

namespace rangefinder::workflow {
namespace {

/// Codes that were rounded by what they do to outputs are good for wider activations, too.
void keep_codes(const SolvedPlan& narrow, SolvedPlan& wide) {
  std::unordered_map<std::string, const passes::QuantizedWeight*> before;
  for (const auto& weight : narrow.weights) before[weight.node] = &weight;
  for (auto& weight : wide.weights) {
    const auto found = before.find(weight.node);
    if (found == before.end() || found->second->scale != weight.scale) continue;
    weight.codes = found->second->codes;
  }
}

bool fits_some(const Plan& plan, const std::pair<std::string, std::string>& named) {
  passes::RuntimeCalibration alone;
  alone.method_for = {named};
  try {
    require_known_names(plan, alone);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

/// Of each node what its width has.
template <class Row>
void take_wide(const std::unordered_set<std::string>& nodes, const std::vector<Row>& wide,
               std::vector<Row>& rows) {
  std::unordered_map<std::string, const Row*> others;
  for (const Row& row : wide) others[row.node] = &row;
  for (Row& row : rows) {
    const auto found = others.find(row.node);
    if (nodes.contains(row.node) && found != others.end()) row = *found->second;
  }
}

void take_wide_rows(const Plan& plan, const passes::WideCodes& codes, const SolvedPlan& wide,
                    std::vector<report::TensorRow>& rows) {
  std::unordered_map<std::string, const report::TensorRow*> others;
  for (const auto& row : wide.rows) others[row.name] = &row;
  for (auto& row : rows) {
    const bool is_wide = codes.tensors.contains(row.name);
    if (is_wide) row = *others.at(row.name);
    row.figures[targets::kBitsFigure] =
        targets::activation_bits(is_wide ? *targets::wider_target(*plan.target) : *plan.target);
  }
}

}  // namespace

WideSolution solve_wide(const Plan& plan, const PlanOptions& options, const SolvedPlan& narrow,
                        const statistics::StatisticsFile& statistics,
                        const passes::RuntimeCalibration& calibration, const ShowRaw& show_raw,
                        Effort effort) {
  PlanOptions wider = options;
  wider.target = targets::wider_target(*plan.target);
  if (wider.target == nullptr) {
    throw std::invalid_argument("target " + std::string(plan.target->name) + " has no wider codes");
  }
  WideSolution wide{.plan = replan(plan, plan.prepared, wider), .solution = {}};
  // A pattern may name only tensors whose wider codes are prescribed.
  auto methods = with_room(calibration, effort);
  std::erase_if(methods.method_for,
                [&](const auto& named) { return !fits_some(wide.plan, named); });
  wide.solution = solve_plan(wide.plan, statistics, methods, show_raw);
  keep_codes(narrow, wide.solution);
  if (effort != Effort::kFast) correct_biases(wide.plan, statistics, wide.solution);
  return wide;
}

Mixture mix(const Plan& plan, const SolvedPlan& narrow, const SolvedPlan& wide,
            const std::unordered_set<std::string>& wide_nodes) {
  onnx::ModelProto model = plan.prepared.model;
  graph::Graph graph(model);
  Mixture mixture{.solution = narrow, .codes = {}};
  auto& codes = mixture.codes.wide;
  codes = passes::widen_codes(graph, *plan.target, plan.annotation, wide_nodes);
  take_wide(codes.nodes, wide.weights, mixture.solution.weights);
  take_wide(codes.nodes, wide.corrections, mixture.solution.corrections);
  take_wide_rows(plan, codes, wide, mixture.solution.rows);
  for (const auto& tensor : plan.annotation.tensors) {
    const bool is_wide = codes.tensors.contains(tensor.name);
    if (is_wide && tensor.root == tensor.name) {
      mixture.solution.tensors.at(tensor.name) = wide.tensors.at(tensor.name);
    }
    if (!codes.converted_reads.contains(tensor.name)) continue;
    mixture.codes.converted.emplace(tensor.name, (is_wide ? narrow : wide).tensors.at(tensor.root));
  }
  return mixture;
}

const quantization::TensorQuantizationConfig& grid_of(const targets::Target& target,
                                                      const report::TensorRow& row) {
  const auto bits = row.figures.find(targets::kBitsFigure);
  return targets::activation_grid(
      target, bits == row.figures.end() ? std::nullopt : std::optional(bits->second));
}

}  // namespace rangefinder::workflow
