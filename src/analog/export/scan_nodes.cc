#include "analog/export/scan_nodes.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "analog/layers/layer_candidates.h"
#include "analog/layers/recurrent.h"
#include "graph/attributes.h"

namespace rangefinder::analog {
namespace {

constexpr int kBiasIndex = 3;
constexpr int kInitialHiddenIndex = 5;
constexpr int kInitialCellIndex = 6;

/// The states of a step: hidden, and for an LSTM the cell.
struct States {
  std::string hidden;
  std::string cell;
};

/// Columns number `index` of `count` equal parts of the last axis.
std::string gate(NodeWriter& writer, const std::string& values, int64_t index, int64_t hidden) {
  return writer.add("Slice", {values, writer.integers({index * hidden}),
                              writer.integers({(index + 1) * hidden}), writer.integers({-1})});
}

std::string sigmoid_gate(NodeWriter& writer, const std::string& values, int64_t index,
                         int64_t hidden) {
  return writer.add("Sigmoid", {gate(writer, values, index, hidden)});
}

/// Gates in ONNX's order: input, output, forget, cell.
States lstm_step(NodeWriter& writer, const std::string& from_input, const std::string& from_state,
                 const States& states, int64_t hidden) {
  const std::string gates = writer.add("Add", {from_input, from_state});
  const std::string in = sigmoid_gate(writer, gates, 0, hidden);
  const std::string out = sigmoid_gate(writer, gates, 1, hidden);
  const std::string forget = sigmoid_gate(writer, gates, 2, hidden);
  const std::string update = writer.add("Tanh", {gate(writer, gates, 3, hidden)});
  const std::string kept = writer.add("Mul", {forget, states.cell});
  const std::string cell = writer.add("Add", {kept, writer.add("Mul", {in, update})});
  return {writer.add("Mul", {out, writer.add("Tanh", {cell})}), cell};
}

/// Gates in ONNX's order: update, reset, hidden; the reset gate acts behind the matrix.
States gru_step(NodeWriter& writer, const std::string& from_input, const std::string& from_state,
                const States& states, int64_t hidden) {
  const auto both = [&](int64_t index) {
    return writer.add("Sigmoid", {writer.add("Add", {gate(writer, from_input, index, hidden),
                                                     gate(writer, from_state, index, hidden)})});
  };
  const std::string update = both(0);
  const std::string reset = both(1);
  const std::string recalled = writer.add("Mul", {reset, gate(writer, from_state, 2, hidden)});
  const std::string fresh =
      writer.add("Tanh", {writer.add("Add", {gate(writer, from_input, 2, hidden), recalled})});
  const std::string share = writer.add("Sub", {writer.scalar(1.0f), update});
  const std::string old = writer.add("Mul", {update, states.hidden});
  return {writer.add("Add", {writer.add("Mul", {share, fresh}), old}), ""};
}

States step(NodeWriter& writer, const RecurrentNode& node, const std::string& from_input,
            const std::string& from_state, const States& states) {
  if (node.op_type == "LSTM") return lstm_step(writer, from_input, from_state, states, node.hidden);
  if (node.op_type == "GRU") return gru_step(writer, from_input, from_state, states, node.hidden);
  return {writer.add("Tanh", {writer.add("Add", {from_input, from_state})}), ""};
}

void declare(onnx::ValueInfoProto* value, const std::string& name) {
  value->set_name(name);
  value->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
}

/// One direction of the node: what is the same for its Scan and the body.
struct Direction {
  const RecurrentNode& properties;
  const onnx::NodeProto& node;
  int64_t index;
  const ProgrammedLayer& input_layer;
  const ProgrammedLayer& state_layer;
  /// Biases of the two matrices, of the main graph; empty if there are none.
  std::string input_bias;
  std::string state_bias;

  bool has_cell() const { return properties.op_type == "LSTM"; }
};

std::string biased(NodeWriter& writer, const std::string& value, const std::string& bias) {
  return bias.empty() ? value : writer.add("Add", {value, bias});
}

onnx::GraphProto scan_body(const Direction& direction, const std::string& prefix) {
  onnx::GraphProto body;
  body.set_name(prefix + "body");
  const States before = {prefix + "hidden", direction.has_cell() ? prefix + "cell" : ""};
  const std::string input = prefix + "input";
  declare(body.add_input(), before.hidden);
  if (direction.has_cell()) declare(body.add_input(), before.cell);
  declare(body.add_input(), input);
  NodeWriter writer(body, prefix);
  const std::string from_input =
      biased(writer, write_linear(writer, direction.input_layer, input), direction.input_bias);
  const std::string from_state = biased(
      writer, write_linear(writer, direction.state_layer, before.hidden), direction.state_bias);
  const States after = step(writer, direction.properties, from_input, from_state, before);
  const std::string output = writer.add("Identity", {after.hidden});
  declare(body.add_output(), after.hidden);
  if (direction.has_cell()) declare(body.add_output(), after.cell);
  declare(body.add_output(), output);
  return body;
}

/// One direction's part [..] of a tensor [directions, ..].
std::string direction_of(NodeWriter& writer, const std::string& tensor, int64_t direction) {
  const std::string index = writer.integers({direction});
  writer.graph().mutable_initializer(writer.graph().initializer_size() - 1)->clear_dims();
  return writer.add("Gather", {tensor, index});
}

/// The given initial state, or zeros [batch, hidden].
std::string initial_state(NodeWriter& writer, const Direction& direction, int input) {
  const std::string given = input_name(direction.node, input);
  if (!given.empty()) return direction_of(writer, given, direction.index);
  const std::string shape = writer.add("Shape", {direction.node.input(0)});
  const std::string batch = writer.add(
      "Slice", {shape, writer.integers({1}), writer.integers({2}), writer.integers({0})});
  const std::string hidden = writer.integers({direction.properties.hidden});
  const std::string size = writer.add("Concat", {batch, hidden});
  graph::set_attribute(writer.last(), "axis", int64_t{0});
  return writer.add("ConstantOfShape", {size});
}

/// Final hidden state, final cell (if any), all hidden states.
std::vector<std::string> write_scan(NodeWriter& writer, const Direction& direction) {
  std::vector<std::string> inputs = {initial_state(writer, direction, kInitialHiddenIndex)};
  if (direction.has_cell()) inputs.push_back(initial_state(writer, direction, kInitialCellIndex));
  inputs.push_back(direction.node.input(0));
  const std::string prefix = fmt::format("{}body{}_", writer.prefix(), direction.index);
  const int outputs = direction.has_cell() ? 3 : 2;
  auto result = writer.add("Scan", inputs, outputs);
  onnx::AttributeProto& body = *writer.last().add_attribute();
  body.set_name("body");
  body.set_type(onnx::AttributeProto::GRAPH);
  *body.mutable_g() = scan_body(direction, prefix);
  graph::set_attribute(writer.last(), "num_scan_inputs", int64_t{1});
  const int64_t backward = direction.properties.runs_backward(direction.index) ? 1 : 0;
  graph::set_attribute(writer.last(), "scan_input_directions", std::vector{backward});
  graph::set_attribute(writer.last(), "scan_output_directions", std::vector{backward});
  return result;
}

/// Joins one tensor per direction, each given a new axis, under the node's own output name.
void write_output(NodeWriter& writer, const onnx::NodeProto& node, int output,
                  const std::vector<std::string>& parts, const std::vector<int64_t>& shape,
                  int64_t axis) {
  if (output >= node.output_size() || node.output(output).empty()) return;
  std::vector<std::string> joined;
  for (const std::string& part : parts) {
    joined.push_back(writer.add("Reshape", {part, writer.integers(shape)}));
  }
  writer.add("Concat", joined);
  graph::set_attribute(writer.last(), "axis", axis);
  writer.name_last_output(node.output(output));
}

const ProgrammedLayer& layer_of(const ProgrammedLayers& layers, const onnx::NodeProto& node,
                                bool is_input, int64_t direction) {
  const std::string name = recurrent_layer_name(node.name(), is_input, direction);
  const auto found = layers.find(name);
  if (found == layers.end()) throw std::invalid_argument("there is no layer " + name);
  return found->second;
}

/// The two biases of a direction, cut out of the node's own [directions, 2 * gates * hidden].
std::pair<std::string, std::string> biases(NodeWriter& writer, const RecurrentNode& properties,
                                           const onnx::NodeProto& node, int64_t direction) {
  const std::string all = input_name(node, kBiasIndex);
  if (all.empty()) return {};
  const std::string own = direction_of(writer, all, direction);
  const int64_t size = properties.gates() * properties.hidden;
  std::string input = gate(writer, own, 0, size);
  return {std::move(input), gate(writer, own, 1, size)};
}

}  // namespace

void write_recurrent(NodeWriter& writer, const ProgrammedLayers& layers,
                     const onnx::NodeProto& node) {
  const RecurrentNode properties = read_recurrent(node).node;
  std::vector<std::string> sequences;
  std::vector<std::string> hidden;
  std::vector<std::string> cells;
  for (int64_t index = 0; index < properties.directions; ++index) {
    const auto [input_bias, state_bias] = biases(writer, properties, node, index);
    const Direction direction{properties,
                              node,
                              index,
                              layer_of(layers, node, true, index),
                              layer_of(layers, node, false, index),
                              input_bias,
                              state_bias};
    const std::vector<std::string> results = write_scan(writer, direction);
    hidden.push_back(results.front());
    if (direction.has_cell()) cells.push_back(results[1]);
    sequences.push_back(results.back());
  }
  const int64_t size = properties.hidden;
  write_output(writer, node, 0, sequences, {0, 1, -1, size}, 1);
  write_output(writer, node, 1, hidden, {1, -1, size}, 0);
  if (!cells.empty()) write_output(writer, node, 2, cells, {1, -1, size}, 0);
}

}  // namespace rangefinder::analog
