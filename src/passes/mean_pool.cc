#include "passes/mean_pool.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"

namespace rangefinder::passes {
namespace {

/// The axes that a ReduceMean names, as attribute or constant input; empty: all, or unknown.
std::vector<int64_t> axes_of(const graph::Graph& graph, const onnx::NodeProto& node) {
  if (node.input_size() < 2) return graph::ints_attribute(node, "axes");
  const auto* constant = graph.initializer(node.input(1));
  return constant ? graph::read_int64s(*constant) : std::vector<int64_t>();
}

/// True if the node averages over the axes from 2 to the last.
bool averages_space(const graph::Graph& graph, const onnx::NodeProto& node,
                    const TensorInfos& infos) {
  if (node.op_type() != "ReduceMean" || !node.domain().empty()) return false;
  const auto info = infos.find(node.input(0));
  if (info == infos.end() || !info->second.shape) return false;
  if (info->second.type != tensor::ElementType::kFloat32) return false;
  const auto rank = static_cast<int64_t>(info->second.shape->size());
  if (rank < 3 || rank > 5) return false;
  std::vector<int64_t> axes = axes_of(graph, node);
  for (int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  std::sort(axes.begin(), axes.end());
  std::vector<int64_t> space;
  for (int64_t axis = 2; axis < rank; ++axis) space.push_back(axis);
  return axes == space;
}

}  // namespace

void write_mean_as_pool(onnx::ModelProto& model, TensorInfos& infos) {
  graph::Graph graph(model);
  const int count = graph.message().node_size();
  for (int i = 0; i < count; ++i) {
    onnx::NodeProto& node = *graph.message().mutable_node(i);
    if (!averages_space(graph, node, infos)) continue;
    const std::string input = node.input(0);
    const std::string output = node.output(0);
    const std::string name = node.name();
    const bool keeps_axes = graph::int_attribute(node, "keepdims", 1) != 0;
    const std::string pooled = keeps_axes ? output : graph.fresh_name(output + "_pooled");
    graph.remove_node(node);
    graph.add_node("GlobalAveragePool", keeps_axes ? name : graph.fresh_name(name + "_pool"),
                   {input}, {pooled});
    if (keeps_axes) continue;
    graph.add_node("Flatten", name, {pooled}, {output});
    infos[pooled] = infos[input];
    std::fill(infos[pooled].shape->begin() + 2, infos[pooled].shape->end(), 1);
  }
  graph.finish();
}

}  // namespace rangefinder::passes
