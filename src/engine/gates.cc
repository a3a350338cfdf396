#include "engine/gates.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/gate_rounding.h"
#include "engine/operator_nodes.h"
#include "graph/attributes.h"
#include "graph/graph.h"

namespace rangefinder::engine {
namespace {

using graph::Graph;
using onnx::NodeProto;

constexpr float kDefaultAlpha = 0.2f;
constexpr float kDefaultBeta = 0.5f;

/// y = Mul(x, HardSigmoid(x)): the HardSigmoid, if nobody else reads it.
NodeProto* own_gate(const Graph& graph, const NodeProto& mul) {
  for (const int side : {0, 1}) {
    NodeProto* sigmoid = graph.producer(mul.input(side));
    if (is(sigmoid, "HardSigmoid") && graph.is_private(mul.input(side)) &&
        sigmoid->input(0) == mul.input(1 - side)) {
      return sigmoid;
    }
  }
  return nullptr;
}

void write_hard_swish(Graph& graph, NodeProto& mul, NodeProto& sigmoid) {
  const std::string y = mul.output(0);
  graph.remove_node(mul);
  graph.remove_node(sigmoid);
  NodeProto& node =
      graph.add_node(kHardSwishOperator, mul.name(), {sigmoid.input(0)}, {y}, kOperatorDomain);
  graph::set_attribute(node, kAlphaAttribute,
                       graph::float_attribute(sigmoid, "alpha", kDefaultAlpha));
  graph::set_attribute(node, kBetaAttribute, graph::float_attribute(sigmoid, "beta", kDefaultBeta));
}

bool is_convolution(const NodeProto* node) {
  return is(node, "Conv") || is(node, "Conv", kBlockedDomain) ||
         is(node, "FusedConv", "com.microsoft");
}

/// The convolution's weight [C', C, H, W], if it is a constant of two spatial dimensions.
const onnx::TensorProto* weight_of(const Graph& graph, const NodeProto& convolution) {
  const auto* weight = graph.initializer(convolution.input(1));
  return weight != nullptr && weight->dims_size() == 4 ? weight : nullptr;
}

/// A step that makes [N, C', 1, 1] of [N, C, 1, 1].
bool keeps_one_position(const Graph& graph, const NodeProto* node) {
  if (is_conversion(node, "ReorderOutput") || is_conversion(node, "ReorderInput")) return true;
  static constexpr std::array kElementwise = {"HardSigmoid", "Sigmoid", "Relu", "Clip"};
  if (std::ranges::any_of(kElementwise, [&](const char* type) { return is(node, type); })) {
    return true;
  }
  if (!is_convolution(node)) return false;
  const auto* weight = weight_of(graph, *node);
  const auto pads = graph::ints_attribute(*node, "pads");
  return weight != nullptr && weight->dims(2) == 1 && weight->dims(3) == 1 &&
         std::ranges::all_of(pads, [](int64_t pad) { return pad == 0; });
}

/// How many channels a gate in [N, C, 1, 1] has; 0 if that cannot be told.
int64_t gate_channels(const Graph& graph, const std::string& gate) {
  const NodeProto* node = graph.producer(gate);
  while (is(node, "HardSigmoid") || is(node, "Sigmoid")) node = graph.producer(node->input(0));
  if (is_conversion(node, "ReorderOutput")) return graph::int_attribute(*node, "channels", 0);
  if (!is(node, "Conv") && !is(node, "FusedConv", "com.microsoft")) return 0;
  const auto* weight = weight_of(graph, *node);
  return weight != nullptr ? weight->dims(0) : 0;
}

/// Whether the gate is made of the mean over all positions of the tensor that `features` writes in
/// [N, C, H, W], so that it has the same batch and channels, and one position.
bool is_excitation(const Graph& graph, const std::string& gate, const NodeProto& features) {
  if (gate_channels(graph, gate) != graph::int_attribute(features, "channels", 0)) return false;
  const NodeProto* node = graph.producer(gate);
  while (keeps_one_position(graph, node)) node = graph.producer(node->input(0));
  if (!is(node, "GlobalAveragePool") && !is(node, "GlobalAveragePool", kBlockedDomain)) {
    return false;
  }
  return node->input(0) == features.output(0) || node->input(0) == features.input(0);
}

/// The side of Mul that is scaled by the other, as a squeeze-and-excite block does it.
std::optional<int> scaled_side(const Graph& graph, const NodeProto& mul) {
  for (const int side : {0, 1}) {
    const NodeProto* features = graph.producer(mul.input(side));
    if (is_conversion(features, "ReorderOutput") &&
        is_excitation(graph, mul.input(1 - side), *features)) {
      return side;
    }
  }
  return {};
}

std::vector<NodeProto*> find_conversions_back(const Graph& graph, const std::string& tensor) {
  std::vector<NodeProto*> result;
  for (const graph::Use& use : graph.uses(tensor)) {
    if (is_conversion(use.node, "ReorderInput")) result.push_back(use.node);
  }
  return result;
}

/// Scales in blocks. Whoever wants the product in [N, C, H, W] gets it by a conversion.
void write_scale(Graph& graph, NodeProto& mul, int side,
                 const std::vector<NodeProto*>& conversions_back, int64_t block) {
  const NodeProto& features = *graph.producer(mul.input(side));
  const int64_t channels = graph::int_attribute(features, "channels", 0);
  std::string gate = mul.input(1 - side);
  // One position lies in blocks as it does without.
  if (is_conversion(graph.producer(gate), "ReorderOutput")) gate = graph.producer(gate)->input(0);
  const std::string y = mul.output(0);
  const std::string blocked = graph.fresh_name(y + "_blocked");
  for (NodeProto* back : conversions_back) {
    graph.redirect_uses(back->output(0), blocked);
    graph.remove_node(*back);
  }
  graph.remove_node(mul);
  NodeProto& scale = graph.add_node(kScaleChannelsOperator, mul.name(), {features.input(0), gate},
                                    {blocked}, kOperatorDomain);
  set_blocks(scale, block, channels);
  NodeProto& conversion = graph.add_node("ReorderOutput", graph.fresh_name(y + "_conversion"),
                                         {blocked}, {y}, kBlockedDomain);
  graph::set_attribute(conversion, "channels", channels);
}

/// y = GlobalAveragePool(x) of a tensor that is converted from blocks for it: the conversion.
const NodeProto* conversion_before_mean(const Graph& graph, const NodeProto& node) {
  if (!is(&node, "GlobalAveragePool")) return nullptr;
  const NodeProto* conversion = graph.producer(node.input(0));
  return is_conversion(conversion, "ReorderOutput") ? conversion : nullptr;
}

void write_means(Graph& graph, NodeProto& pool, const NodeProto& conversion, int64_t block) {
  const std::string y = pool.output(0);
  graph.remove_node(pool);
  NodeProto& means = graph.add_node(kChannelMeansOperator, pool.name(), {conversion.input(0)}, {y},
                                    kOperatorDomain);
  set_blocks(means, block, graph::int_attribute(conversion, "channels", 0));
}

std::vector<NodeProto*> nodes_of(Graph& graph) {
  std::vector<NodeProto*> nodes;
  for (auto& node : *graph.message().mutable_node()) nodes.push_back(&node);
  return nodes;
}

/// Whether a node of our own stands for the product now.
bool write_product(Graph& graph, NodeProto& mul, int64_t block) {
  NodeProto* sigmoid = own_gate(graph, mul);
  if (sigmoid != nullptr) {
    if (!hard_swish_rounds_alike()) return false;
    write_hard_swish(graph, mul, *sigmoid);
    return true;
  }
  const auto side = block > 0 ? scaled_side(graph, mul) : std::nullopt;
  if (!side) return false;
  const auto conversions_back = find_conversions_back(graph, mul.output(0));
  if (conversions_back.empty()) return false;
  write_scale(graph, mul, *side, conversions_back, block);
  return true;
}

}  // namespace

size_t write_gates(onnx::ModelProto& model, int64_t block) {
  Graph graph(model);
  size_t count = 0;
  for (NodeProto* node : nodes_of(graph)) {
    if (is(node, "Mul") && write_product(graph, *node, block)) ++count;
  }
  // Afterwards, because products are found by the means that their gates are made of.
  for (NodeProto* node : block > 0 ? nodes_of(graph) : std::vector<NodeProto*>()) {
    const NodeProto* conversion = conversion_before_mean(graph, *node);
    if (conversion == nullptr || !means_round_alike()) continue;
    write_means(graph, *node, *conversion, block);
    ++count;
  }
  if (count == 0) return 0;
  graph.remove_unread();
  graph.finish();
  return count;
}

}  // namespace rangefinder::engine
