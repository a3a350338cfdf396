#pragma once

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>
#include <vector>

namespace rangefinder::analog {

/// What matters of an ONNX LSTM, GRU or RNN.
struct RecurrentNode {
  /// "LSTM", "GRU" or "RNN".
  std::string op_type;
  int64_t hidden = 0;
  int64_t directions = 1;
  /// With one direction: that it runs backward in time.
  bool is_reverse = false;

  /// Whether direction number `direction` runs backward in time.
  bool runs_backward(int64_t direction) const { return is_reverse || direction == 1; }
  /// Gates: 4, 3 or 1.
  int64_t gates() const;
};

/// The node's properties, or why it has no equivalent here: activations other than the default,
/// clipping, peepholes, coupled gates, sequence lengths, a batch-first layout, and a GRU whose
/// reset gate acts before the recurrent matrix.
struct RecurrentSupport {
  RecurrentNode node;
  std::optional<std::string> refused;
};
RecurrentSupport read_recurrent(const onnx::NodeProto& node);

/// Name of a matrix of the node as a layer: "<node>.weight_ih", "<node>.weight_hh_reverse".
std::string recurrent_layer_name(const std::string& node, bool is_input, int64_t direction);

}  // namespace rangefinder::analog
