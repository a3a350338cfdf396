#pragma once

#include <string>

#include "analog/models.h"

namespace rangefinder::analog {

/// One LSTM, GRU or RNN of 3 inputs and 4 hidden states over [time, batch, 3].
inline test_support::OnnxBuilder recurrent_model(const std::string& type,
                                                 const std::string& direction, bool with_bias,
                                                 bool with_initial_state) {
  const int64_t gates = type == "LSTM" ? 4 : type == "GRU" ? 3 : 1;
  const int64_t directions = direction == "bidirectional" ? 2 : 1;
  test_support::OnnxBuilder b;
  b.input("x", {-1, -1, 3});
  b.weights("w", {directions, gates * 4, 3});
  b.weights("r", {directions, gates * 4, 4}, 0.7f);
  if (with_bias) b.weights("b", {directions, 2 * gates * 4}, 0.2f);
  std::vector<std::string> inputs = {"x", "w", "r", with_bias ? "b" : ""};
  if (with_initial_state) {
    b.weights("h0", {directions, 2, 4});
    inputs.insert(inputs.end(), {"", "h0"});
    if (type == "LSTM") inputs.push_back("h0");
  }
  std::vector<std::string> outputs = {"y", "y_h"};
  if (type == "LSTM") outputs.push_back("y_c");
  auto node = b.node(type, inputs, outputs);
  node.integer("hidden_size", 4);
  auto* text = node.proto().add_attribute();
  text->set_name("direction");
  text->set_type(onnx::AttributeProto::STRING);
  text->set_s(direction);
  if (type == "GRU") node.integer("linear_before_reset", 1);
  b.output("y", {-1, directions, -1, 4});
  b.output("y_h", {directions, -1, 4});
  if (type == "LSTM") b.output("y_c", {directions, -1, 4});
  return b;
}

inline tensor::NamedTensors sequence(uint32_t seed) {
  return {{"x", support::stream_batch("normal", seed, {5, 2, 3})}};
}

/// Samples sequence(0), sequence(1), ...
inline engine::SampleFeed sequences(uint64_t count) {
  return feed_from(
      [count, k = uint32_t{0}]() mutable -> std::optional<ModelInputs> {
        if (k == count) return std::nullopt;
        return ModelInputs{.named = sequence(k++)};
      },
      {"x"});
}

}  // namespace rangefinder::analog
