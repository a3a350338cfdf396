#include "passes/cubic_resize.h"

#include <algorithm>
#include <string>

#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"

namespace rangefinder::passes {
namespace {

constexpr int kScales = 2;

/// Sizes are not looked at: they may.
bool may_shrink(const graph::Graph& graph, const onnx::NodeProto& resize) {
  if (resize.input_size() <= kScales || resize.input(kScales).empty()) return true;
  const auto* constant = graph.initializer(resize.input(kScales));
  if (constant == nullptr) return true;
  const tensor::Tensor scales = graph::read_constant(*constant);
  const auto values = scales.floats();
  return std::any_of(values.begin(), values.end(), [](float scale) { return scale < 1; });
}

bool needs_fence(const graph::Graph& graph, const onnx::NodeProto& node) {
  return node.op_type() == "Resize" && node.domain().empty() && node.output_size() == 1 &&
         graph::string_attribute(node, "mode", "nearest") == "cubic" &&
         graph::int_attribute(node, "antialias", 0) == 0 && may_shrink(graph, node);
}

void add_copy(graph::Graph& graph, const std::string& node, const std::string& from,
              const std::string& to) {
  auto& copy = graph.add_node("Einsum", graph.fresh_name(node + "_in_place"), {from}, {to});
  graph::set_attribute(copy, "equation", std::string_view("...->..."));
}

}  // namespace

void fence_cubic_resize(onnx::ModelProto& model, TensorInfos& infos) {
  graph::Graph graph(model);
  const int count = graph.message().node_size();
  for (int i = 0; i < count; ++i) {
    onnx::NodeProto& node = *graph.message().mutable_node(i);
    if (!needs_fence(graph, node)) continue;
    const std::string input = node.input(0);
    const std::string output = node.output(0);
    const std::string before = graph.fresh_name(input + "_in_place");
    const std::string behind = graph.fresh_name(output + "_in_place");
    infos[before] = infos[input];
    infos[behind] = infos[output];
    add_copy(graph, node.name(), input, before);
    graph.set_input(node, 0, before);
    graph.rename_output(node, 0, behind);
    add_copy(graph, node.name(), behind, output);
  }
  graph.finish();
}

}  // namespace rangefinder::passes
