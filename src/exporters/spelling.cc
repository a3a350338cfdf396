#include "exporters/spelling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/attributes.h"
#include "graph/constants.h"

namespace rangefinder::exporters {
namespace {

constexpr float kAlpha = 0.2f;
constexpr float kBeta = 0.5f;

std::string add_number(graph::Graph& graph, const std::string& name, float value) {
  return graph.add_initializer(graph::make_floats(graph.fresh_name(name), {}, std::array{value}));
}

void spell(graph::Graph& graph, onnx::NodeProto& node) {
  const float alpha = graph::float_attribute(node, "alpha", kAlpha);
  const float shift = graph::float_attribute(node, "beta", kBeta) / alpha;
  if (!(alpha > 0) || !std::isfinite(1 / alpha) || !std::isfinite(shift)) return;
  const std::string output = node.output(0);
  const std::string shifted = graph.fresh_name(output + "_shifted");
  const std::string clipped = graph.fresh_name(output + "_clipped");
  const std::string name = node.name();
  graph.rename_output(node, 0, shifted);
  node.set_op_type("Add");
  node.clear_attribute();
  node.add_input("");
  graph.set_input(node, 1, add_number(graph, name + "_shift", shift));
  graph.add_node(
      "Clip", graph.fresh_name(name + "_clip"),
      {shifted, add_number(graph, name + "_low", 0), add_number(graph, name + "_high", 1 / alpha)},
      {clipped});
  graph.add_node("Mul", graph.fresh_name(name + "_scale"),
                 {clipped, add_number(graph, name + "_alpha", alpha)}, {output});
}

/// Of the constant behind the weight's DequantizeLinear.
bool has_one_position(const graph::Graph& graph, const onnx::NodeProto& conv) {
  const onnx::NodeProto* restored = graph.producer(conv.input(1));
  const auto* codes = restored == nullptr ? nullptr : graph.initializer(restored->input(0));
  if (codes == nullptr || codes->dims_size() < 3) return false;
  return std::all_of(codes->dims().begin() + 2, codes->dims().end(),
                     [](int64_t size) { return size == 1; });
}

bool skips_positions(const graph::Graph& graph, const onnx::NodeProto& node) {
  if (node.op_type() != "Conv" || !node.domain().empty()) return false;
  const onnx::NodeProto* maker = graph.producer(node.input(0));
  return maker != nullptr && maker->op_type() == "DequantizeLinear" &&
         has_one_position(graph, node) && !graph::ints_are(node, "strides", 1) &&
         graph::ints_are(node, "pads", 0);
}

}  // namespace

void spell_gates(graph::Graph& graph) {
  std::vector<onnx::NodeProto*> gates;
  for (auto& node : *graph.message().mutable_node()) {
    if (node.op_type() == "HardSigmoid" && node.domain().empty()) gates.push_back(&node);
  }
  for (onnx::NodeProto* node : gates) spell(graph, *node);
}

void spell_strides(graph::Graph& graph) {
  std::vector<onnx::NodeProto*> convolutions;
  for (auto& node : *graph.message().mutable_node()) {
    if (skips_positions(graph, node)) convolutions.push_back(&node);
  }
  std::map<std::pair<std::string, std::vector<int64_t>>, std::string> pooled;
  for (onnx::NodeProto* node : convolutions) {
    const auto strides = graph::ints_attribute(*node, "strides");
    std::string& tensor = pooled[{node->input(0), strides}];
    if (tensor.empty()) {
      tensor = graph.fresh_name(node->input(0) + "_strides");
      auto& pool = graph.add_node("MaxPool", graph.fresh_name(node->name() + "_strides"),
                                  {node->input(0)}, {tensor});
      graph::set_attribute(pool, "kernel_shape", std::vector<int64_t>(strides.size(), 1));
      graph::set_attribute(pool, "strides", strides);
    }
    graph.set_input(*node, 0, tensor);
    graph::remove_attribute(*node, "strides");
  }
}

}  // namespace rangefinder::exporters
