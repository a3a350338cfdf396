#include "workflow/refine_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace rangefinder::workflow {
namespace {

/// A multiplication of the rounding takes many times as long as one of inference, and those of the
/// last node are not counted before they are made: so few, the pass over the samples and the checks
/// take less than ten times the inference of all calibration samples.
constexpr double kWorkPerProduct = 0.25;
/// With many samples there is time for more than anybody would wait for.
constexpr double kMostWorkPerProduct = 8;
constexpr size_t kThoroughSamples = 64;
constexpr double kMemoryPerByte = 1;
/// Of which the last judges.
constexpr size_t kLeastSamples = 4;
/// Of weights of convolutions.
constexpr uint64_t kManyBytes = uint64_t{4} << 20;
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

/// Of the float weights of convolutions that compute in integers.
uint64_t convolution_bytes(const Plan& plan) {
  std::unordered_set<std::string> names;
  for (const auto& node : plan.annotation.weighted) {
    if (node.has_constant_weight && node.op_type.starts_with("Conv")) names.insert(node.name);
  }
  std::unordered_set<std::string> weights;
  for (const auto& node : plan.prepared.model.graph().node()) {
    if (names.contains(node.name())) weights.insert(node.input(1));
  }
  uint64_t bytes = 0;
  for (const auto& constant : plan.prepared.model.graph().initializer()) {
    if (!weights.contains(constant.name())) continue;
    bytes += std::accumulate(constant.dims().begin(), constant.dims().end(), sizeof(float),
                             std::multiplies<uint64_t>());
  }
  return bytes;
}

}  // namespace

RoundingEffort rounding_effort(Effort effort) {
  if (effort == Effort::kThorough) return {.options = {.samples = kThoroughSamples}};
  return {.work_per_product = kWorkPerProduct,
          .memory_per_byte = kMemoryPerByte,
          .least_samples = kLeastSamples};
}

bool rounds_at_once(Effort effort, const Plan& plan) {
  return effort == Effort::kThorough ||
         (effort == Effort::kNormal && convolution_bytes(plan) >= kManyBytes);
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
