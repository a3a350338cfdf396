#include "workflow/refine_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace rangefinder::workflow {
namespace {

/// A multiplication of the rounding takes up to three times as long as one of inference: with two
/// of them, the pass over the samples and the checks, a run takes less than ten times the inference
/// of all calibration samples.
constexpr double kWorkPerProduct = 2;
/// With many samples there is time for more than anybody would wait for.
constexpr double kMostWorkPerProduct = 8;
constexpr size_t kThoroughSamples = 64;
constexpr double kMemoryPerByte = 1;
/// Of which the last judges.
constexpr size_t kLeastSamples = 4;
constexpr uint64_t kLargeModel = uint64_t{4} << 20;
constexpr uint64_t kFreeMemory = uint64_t{144} << 20;

std::vector<refine::WeightToRefine> to_refine(const Plan& plan, const onnx::ModelProto& model,
                                              SolvedPlan& solution) {
  std::unordered_map<std::string, const onnx::NodeProto*> nodes;
  for (const auto& node : model.graph().node()) nodes[node.name()] = &node;
  std::vector<refine::WeightToRefine> weights;
  for (auto& weight : solution.weights) {
    const onnx::NodeProto* node = nodes.at(weight.node);
    const auto* input = plan.annotation.find(node->input(0));
    auto config = solution.tensors.at(input->root);
    config.scale = {input->scale(config.scale[0])};
    weights.push_back({node, refine::InputCodes(config), &weight});
  }
  return weights;
}

std::vector<refine::NodeRefinement> left_alone(const SolvedPlan& solution,
                                               const std::string& reason) {
  std::vector<refine::NodeRefinement> nodes;
  for (const auto& weight : solution.weights)
    nodes.push_back({.node = weight.node, .reason = reason});
  return nodes;
}

}  // namespace

RoundingEffort rounding_effort(Effort effort) {
  if (effort == Effort::kThorough) return {.options = {.samples = kThoroughSamples}};
  return {.work_per_product = kWorkPerProduct,
          .memory_per_byte = kMemoryPerByte,
          .least_samples = kLeastSamples};
}

bool rounds_at_once(Effort effort, uint64_t model_bytes) {
  return effort == Effort::kThorough || (effort == Effort::kNormal && model_bytes >= kLargeModel);
}

refine::RefinementOptions RoundingEffort::fitted(size_t calibration_count,
                                                 uint64_t model_bytes) const {
  refine::RefinementOptions fitting = options;
  if (calibration_count > 0) fitting.samples = std::min(fitting.samples, calibration_count);
  const double times = static_cast<double>(calibration_count) /
                       static_cast<double>(std::max<size_t>(1, fitting.samples));
  fitting.work_per_product = std::min(kMostWorkPerProduct, work_per_product * std::max(1.0, times));
  if (memory_per_byte > 0) {
    const auto share = static_cast<uint64_t>(memory_per_byte * static_cast<double>(model_bytes));
    fitting.memory = std::min(fitting.memory, std::max(kFreeMemory, share));
  }
  return fitting;
}

std::vector<refine::NodeRefinement> refine_weights(const Plan& plan, Samples& samples,
                                                   const RunControl& run, SolvedPlan& solution,
                                                   const RoundingEffort& effort) {
  if (!samples.can_repeat()) return left_alone(solution, "the samples pass by only once");
  if (plan.target->activation.level_count() > 256) {
    return left_alone(solution, "activations have more than 8 bits");
  }
  const size_t total = samples.calibration_count();
  if (total < effort.least_samples) {
    return left_alone(solution, fmt::format("{} samples are too few to judge it", total));
  }
  onnx::ModelProto model = plan.prepared.model;
  const graph::Graph graph(model);
  const refine::RefinementOptions fitting = effort.fitted(total, plan.prepared.size);
  return refine::refine_weights(
      graph, plan.prepared_source(), to_refine(plan, model, solution), *plan.target,
      [&] { return spread(samples.calibration(), fitting.samples, total); }, run, fitting);
}

std::string refinement_note(const std::vector<refine::NodeRefinement>& nodes) {
  if (nodes.empty()) return {};
  std::map<std::string, std::vector<std::string>> left;
  size_t count = nodes.size();
  for (const auto& node : nodes) {
    if (node.reason.empty()) continue;
    left[node.reason].push_back(node.node);
    --count;
  }
  std::string note = fmt::format(
      "weights of {} of {} nodes were rounded by what they do to outputs", count, nodes.size());
  for (const auto& [reason, names] : left) {
    note +=
        fmt::format("; {}{}: {}", names.front(),
                    names.size() == 1 ? "" : fmt::format(" and {} more", names.size() - 1), reason);
  }
  return note;
}

}  // namespace rangefinder::workflow
