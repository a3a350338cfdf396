#include "passes/hard_swish.h"

#include <cmath>
#include <optional>
#include <string>

#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"

namespace rangefinder::passes {
namespace {

/// The value of a one-element float constant.
std::optional<float> scalar(const graph::Graph& graph, const std::string& name) {
  const auto* constant = graph.initializer(name);
  if (!constant || constant->data_type() != onnx::TensorProto::FLOAT) return std::nullopt;
  const auto value = graph::read_constant(*constant);
  if (value.element_count() != 1) return std::nullopt;
  return value.floats()[0];
}

/// If `node` combines a tensor with a scalar near `value`, in the allowed places: the tensor.
std::optional<std::string> other_operand(const graph::Graph& graph, const onnx::NodeProto* node,
                                         std::string_view op_type, float value, bool commutes) {
  if (!node || node->op_type() != op_type || node->input_size() != 2) return std::nullopt;
  for (const int side : {1, 0}) {
    if (side == 0 && !commutes) break;
    const auto found = scalar(graph, node->input(side));
    if (found && std::abs(*found - value) <= 1e-6f * std::abs(value)) return node->input(1 - side);
  }
  return std::nullopt;
}

/// The tensor x if `name` is clip(x + 3, 0, 6), read by nobody but the one who asks.
std::optional<std::string> relu6_of_plus_3(const graph::Graph& graph, const std::string& name) {
  const auto* clip = graph.producer(name);
  if (!clip || clip->op_type() != "Clip" || !graph.is_private(name)) return std::nullopt;
  if (clip->input_size() != 3 || scalar(graph, clip->input(1)) != 0.0f ||
      scalar(graph, clip->input(2)) != 6.0f || !graph.is_private(clip->input(0))) {
    return std::nullopt;
  }
  return other_operand(graph, graph.producer(clip->input(0)), "Add", 3, true);
}

/// `name` divided by 6, as Div or Mul; the tensor before.
std::optional<std::string> sixth_of(const graph::Graph& graph, const std::string& name) {
  const auto* node = graph.producer(name);
  if (auto x = other_operand(graph, node, "Div", 6, false)) return x;
  return other_operand(graph, node, "Mul", 1.0f / 6, true);
}

/// x if `node` is Mul(x, clip(x + 3, 0, 6)), operands in either order.
std::optional<std::string> swish_product(const graph::Graph& graph, const onnx::NodeProto* node,
                                         bool divided) {
  if (!node || node->op_type() != "Mul") return std::nullopt;
  for (const int side : {0, 1}) {
    std::string gate = node->input(1 - side);
    if (divided) {
      const auto before = sixth_of(graph, gate);
      if (!before || !graph.is_private(gate)) continue;
      gate = *before;
    }
    if (relu6_of_plus_3(graph, gate) == node->input(side)) return node->input(side);
  }
  return std::nullopt;
}

/// x if `node` is the last of a HardSwish: (x * clip) / 6 or x * (clip / 6).
std::optional<std::string> hard_swish_input(const graph::Graph& graph,
                                            const onnx::NodeProto& node) {
  if (auto x = swish_product(graph, &node, true)) return x;
  const auto product = sixth_of(graph, node.output(0));
  if (!product || !graph.is_private(*product)) return std::nullopt;
  return swish_product(graph, graph.producer(*product), false);
}

}  // namespace

void write_hard_swish(onnx::ModelProto& model, TensorInfos& infos) {
  graph::Graph graph(model);
  const int count = graph.message().node_size();
  for (int i = 0; i < count; ++i) {
    onnx::NodeProto& node = *graph.message().mutable_node(i);
    if (!node.domain().empty() || node.output_size() != 1) continue;
    const auto x = hard_swish_input(graph, node);
    if (!x) continue;
    const std::string output = node.output(0);
    const std::string gate = graph.fresh_name(output + "_gate");
    const std::string name = node.name();
    graph.remove_node(node);
    auto& sigmoid = graph.add_node("HardSigmoid", graph.fresh_name(name + "_gate"), {*x}, {gate});
    graph::set_attribute(sigmoid, "alpha", 1.0f / 6);
    graph::set_attribute(sigmoid, "beta", 0.5f);
    graph.add_node("Mul", name, {*x, gate}, {output});
    infos[gate] = infos[output];
  }
  graph.remove_unread();
  graph.finish();
}

}  // namespace rangefinder::passes
