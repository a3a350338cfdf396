#include "refine/mean_inputs.h"

#include <unordered_map>

#include "refine/matmul_summand.h"

namespace rangefinder::refine {
namespace {

/// Of [N, C, ...] as a Conv reads it and of [M, K] as a Gemm does.
constexpr int64_t kChannelAxis = 1;

class Search {
 public:
  explicit Search(graph::Graph& graph) : graph_(graph) {
    for (const auto& node : graph.message().node()) nodes_[node.name()] = &node;
  }

  void add(const passes::WeightedNode& weighted) {
    const onnx::NodeProto& node = *nodes_.at(weighted.name);
    const std::string& input = node.input(0);
    const std::string obstacle = obstacle_of(node);
    if (!obstacle.empty()) {
      result_.left_out[node.name()] = obstacle;
    } else if (!result_.axes.try_emplace(input, axis_of(node)).second &&
               result_.axes.at(input) != axis_of(node)) {
      result_.left_out[node.name()] = "its input is read along another axis, too";
    }
  }

  MeanInputs take() { return std::move(result_); }

 private:
  static int64_t axis_of(const onnx::NodeProto& node) {
    return node.op_type() == "MatMul" ? -1 : kChannelAxis;
  }

  std::string obstacle_of(const onnx::NodeProto& node) const {
    if (node.op_type() == "ConvTranspose") return "which of its weights an output sees differs";
    if (node.op_type() != "MatMul" || matmul_summand(graph_, node)) return {};
    return "a MatMul has no bias, and no constant is added to it";
  }

  graph::Graph& graph_;
  std::unordered_map<std::string, const onnx::NodeProto*> nodes_;
  MeanInputs result_;
};

}  // namespace

MeanInputs mean_inputs(graph::Graph& graph, const passes::Annotation& annotation) {
  Search search(graph);
  for (const auto& weighted : annotation.weighted) {
    if (weighted.has_constant_weight) search.add(weighted);
  }
  return search.take();
}

}  // namespace rangefinder::refine
