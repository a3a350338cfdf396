#include "engine/cut_rules.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "engine/onnx_messages.h"
#include "engine/operator_nodes.h"

// A tensor that is handed from one piece to another comes as the model knows it, not in ONNX
// Runtime's blocks of channels. A convolution brings it into blocks again. Other operators may not,
// and then
// - sums are added up in another order (GlobalAveragePool),
// - an Add is no longer fused into the convolution before it, which rounds once less.
// So readers other than convolutions must compute each value by itself or only compare, and of
// tensors alone that are observed, with which nothing is fused anyway.

namespace rangefinder::engine {
namespace {

constexpr std::array<std::string_view, 15> kSameInAnyLayout = {
    "Add",     "Sub",       "Mul",     "Div",     "Relu",     "Clip",   "LeakyRelu", "MaxPool",
    "Reshape", "Transpose", "Flatten", "Squeeze", "Identity", "Concat", "Unsqueeze"};

}  // namespace

CutRules cuts_at_codes(const onnx::GraphProto&) {
  return {
      .may_cross = [](const onnx::NodeProto& node) { return node.op_type() == "QuantizeLinear"; },
      .is_repeated =
          [](const onnx::NodeProto& node) { return node.op_type() == "DequantizeLinear"; }};
}

CutRules cuts_at_observed(const onnx::GraphProto& graph) {
  std::unordered_set<std::string> known = {""};
  for (const auto& constant : graph.initializer()) known.insert(constant.name());
  std::unordered_set<std::string> crossing;
  for (const auto& node : graph.node()) {
    if (is_observe(&node)) crossing.insert(node.input(0));
  }
  known.insert(crossing.begin(), crossing.end());
  for (const auto& node : graph.node()) {
    const auto is_known = [&](const std::string& input) { return known.contains(input); };
    const bool is_exact =
        std::ranges::find(kSameInAnyLayout, node.op_type()) != kSameInAnyLayout.end() &&
        std::ranges::all_of(node.input(), is_known);
    if (is_observe(&node) || is_exact) continue;
    const bool is_convolution = node.op_type() == "Conv" && node.domain().empty();
    for (int i = is_convolution ? 1 : 0; i < node.input_size(); ++i) crossing.erase(node.input(i));
  }
  return {.may_cross =
              [crossing = std::move(crossing)](const onnx::NodeProto& node) {
                return std::ranges::all_of(node.output(), [&](const std::string& output) {
                  return output.empty() || crossing.contains(output);
                });
              },
          .is_repeated = [](const onnx::NodeProto&) { return false; }};
}

}  // namespace rangefinder::engine
