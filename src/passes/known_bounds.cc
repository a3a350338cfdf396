#include "passes/known_bounds.h"

#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace rangefinder::passes {
namespace {

constexpr quantization::Range kShare = {0, 1};
constexpr quantization::Range kSigned = {-1, 1};

std::optional<quantization::Range> bounds_of(const onnx::NodeProto& node) {
  static const std::unordered_map<std::string_view, quantization::Range> kOperators = {
      {"Softmax", kShare}, {"Sigmoid", kShare}, {"HardSigmoid", kShare}, {"Tanh", kSigned},
      {"Erf", kSigned},    {"Sin", kSigned},    {"Cos", kSigned},        {"Softsign", kSigned}};
  if (!node.domain().empty()) return std::nullopt;
  const auto found = kOperators.find(node.op_type());
  if (found == kOperators.end()) return std::nullopt;
  return found->second;
}

/// Gives nothing but values of its first input.
bool moves(const onnx::NodeProto& node) {
  static const std::unordered_set<std::string_view> kOperators = {
      "Identity", "Dropout", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten",
      "Slice",    "Gather",  "Split",   "Expand",    "Tile",    "MaxPool",   "DepthToSpace"};
  return node.domain().empty() && node.input_size() > 0 && kOperators.contains(node.op_type());
}

std::optional<quantization::Range> bounds_of(const graph::Graph& graph, const std::string& tensor) {
  const onnx::NodeProto* maker = graph.producer(tensor);
  while (maker != nullptr && moves(*maker)) maker = graph.producer(maker->input(0));
  return maker == nullptr ? std::nullopt : bounds_of(*maker);
}

}  // namespace

std::map<std::string, quantization::Range> known_bounds(const graph::Graph& graph,
                                                        const Annotation& annotation) {
  std::map<std::string, quantization::Range> bounds;
  for (const std::string& tensor : annotation.observed()) {
    if (const auto range = bounds_of(graph, tensor)) bounds[tensor] = *range;
  }
  return bounds;
}

}  // namespace rangefinder::passes
