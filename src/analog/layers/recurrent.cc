#include "analog/layers/recurrent.h"

#include <algorithm>

#include "analog/layers/layer_candidates.h"
#include "graph/attributes.h"

namespace rangefinder::analog {
namespace {

/// Positions of the inputs of ONNX's recurrent operators.
constexpr int kWeightIndex = 1;
constexpr int kRecurrenceIndex = 2;
constexpr int kLengthsIndex = 4;
constexpr int kInitialStateIndex = 5;
constexpr int kPeepholesIndex = 7;

std::vector<std::string> default_activations(const std::string& op_type) {
  if (op_type == "LSTM") return {"sigmoid", "tanh", "tanh"};
  if (op_type == "GRU") return {"sigmoid", "tanh"};
  return {"tanh"};
}

bool has_default_activations(const onnx::NodeProto& node) {
  const onnx::AttributeProto* given = graph::find_attribute(node, "activations");
  if (given == nullptr) return true;
  const auto defaults = default_activations(node.op_type());
  for (int i = 0; i < given->strings_size(); ++i) {
    std::string name = given->strings(i);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (name != defaults[static_cast<size_t>(i) % defaults.size()]) return false;
  }
  return true;
}

std::optional<std::string> refusal(const onnx::NodeProto& node) {
  if (!has_default_activations(node)) return "its activations are not the default ones";
  if (graph::find_attribute(node, "clip") != nullptr) return "it clips its gates";
  if (graph::int_attribute(node, "layout", 0) != 0) return "its layout is batch first";
  if (!input_name(node, kLengthsIndex).empty()) return "its sequences have lengths of their own";
  if (!input_name(node, kPeepholesIndex).empty()) return "it has peepholes";
  if (graph::int_attribute(node, "input_forget", 0) != 0) return "its gates are coupled";
  if (node.op_type() == "GRU" && graph::int_attribute(node, "linear_before_reset", 0) == 0) {
    return "its reset gate acts before the recurrent matrix";
  }
  return std::nullopt;
}

/// The part of a weight [directions, rows, columns] that belongs to one direction.
std::vector<float> direction_part(const tensor::Tensor& weight, int64_t direction) {
  const auto size = static_cast<size_t>(weight.shape()[1] * weight.shape()[2]);
  const auto part = weight.floats().subspan(static_cast<size_t>(direction) * size, size);
  return {part.begin(), part.end()};
}

bool fits(const tensor::Tensor& weight, const RecurrentNode& node) {
  const tensor::Shape& shape = weight.shape();
  return shape.size() == 3 && shape[0] == node.directions && shape[1] == node.gates() * node.hidden;
}

LayerCandidate matrix_layer(const onnx::NodeProto& node, const RecurrentNode& properties,
                            const tensor::Tensor& weight, bool is_input, int64_t direction) {
  LayerCandidate candidate;
  AnalogLayer& layer = candidate.layer;
  layer.name = recurrent_layer_name(node.name(), is_input, direction);
  layer.module = layer.name;
  layer.op_type = node.op_type();
  layer.outputs = weight.shape()[1];
  layer.weights = direction_part(weight, direction);
  candidate.key = layer.name;
  if (is_input) {
    layer.sites.push_back({node.name(), node.input(0)});
    return candidate;
  }
  const auto states =
      properties.runs_backward(direction) ? InputPart::kBackwardStates : InputPart::kForwardStates;
  layer.sites.push_back({node.name(), node.output(0), states, direction});
  const std::string initial = input_name(node, kInitialStateIndex);
  if (!initial.empty()) {
    layer.sites.push_back({node.name(), initial, InputPart::kInitialState, direction});
  }
  return candidate;
}

}  // namespace

int64_t RecurrentNode::gates() const { return op_type == "LSTM" ? 4 : op_type == "GRU" ? 3 : 1; }

RecurrentSupport read_recurrent(const onnx::NodeProto& node) {
  RecurrentSupport result;
  const std::string direction = graph::string_attribute(node, "direction", "forward");
  result.node = {node.op_type(), graph::int_attribute(node, "hidden_size", 0),
                 direction == "bidirectional" ? 2 : 1, direction == "reverse"};
  result.refused = refusal(node);
  return result;
}

std::string recurrent_layer_name(const std::string& node, bool is_input, int64_t direction) {
  return node + (is_input ? ".weight_ih" : ".weight_hh") + (direction == 1 ? "_reverse" : "");
}

Candidates recurrent_candidates(const graph::Graph& graph, const onnx::NodeProto& node) {
  const RecurrentSupport support = read_recurrent(node);
  if (support.refused) return StaysDigital{*support.refused};
  std::vector<LayerCandidate> result;
  for (int64_t direction = 0; direction < support.node.directions; ++direction) {
    for (const int index : {kWeightIndex, kRecurrenceIndex}) {
      auto found = float_weight(graph, input_name(node, index));
      if (auto* digital = std::get_if<StaysDigital>(&found)) return *digital;
      const tensor::Tensor& weight = std::get<tensor::Tensor>(found);
      if (!fits(weight, support.node)) {
        return StaysDigital{"a weight does not fit: " + tensor::to_string(weight.shape())};
      }
      result.push_back(matrix_layer(node, support.node, weight, index == kWeightIndex, direction));
    }
  }
  return result;
}

}  // namespace rangefinder::analog
