#include "workflow/refine_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace rangefinder::workflow {
namespace {

/// With the pass over the samples and the checks, at most ten times the inference of 32 samples.
constexpr double kWorkPerProduct = 8;
constexpr size_t kThoroughSamples = 64;

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

refine::RefinementOptions refinement_options(Effort effort) {
  refine::RefinementOptions options;
  if (effort == Effort::kThorough) {
    options.samples = kThoroughSamples;
  } else {
    options.work_per_product = kWorkPerProduct;
  }
  return options;
}

std::vector<refine::NodeRefinement> refine_weights(const Plan& plan, Samples& samples,
                                                   const RunControl& run, SolvedPlan& solution,
                                                   const refine::RefinementOptions& options) {
  if (!samples.can_repeat()) return left_alone(solution, "the samples pass by only once");
  if (plan.target->activation.level_count() > 256) {
    return left_alone(solution, "activations have more than 8 bits");
  }
  onnx::ModelProto model = plan.prepared.model;
  const graph::Graph graph(model);
  refine::RefinementOptions fitting = options;
  const size_t total = samples.calibration_count();
  if (total > 0) fitting.samples = std::min(fitting.samples, total);
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
