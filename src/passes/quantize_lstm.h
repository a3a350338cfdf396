#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "graph/graph.h"
#include "targets/target.h"

namespace rangefinder::passes {

/// Fewer bytes of weights are not worth it.
inline constexpr int64_t kLeastLstmBytes = int64_t{64} << 10;
/// What the weights of an LSTM must keep to become codes, in dB [docs/numerics/lstm.md].
inline constexpr double kLeastLstmSqnr = 30;

/// A stack of matrices, one for each direction: codes[d][k][r] * scale[d][r] restores weight r of
/// input k. Transposed as DynamicQuantizeLSTM reads it.
struct QuantizedGates {
  /// int8, directions times inputs times gates, without a name.
  onnx::TensorProto codes = {};
  /// One for each direction and gate row.
  std::vector<float> scale = {};
};

/// An LSTM whose weights are codes, and whose inputs become codes as they come.
struct QuantizedLstm {
  std::string node = {};
  /// Why it stays float; else empty.
  std::string obstacle = {};
  QuantizedGates input = {};
  QuantizedGates recurrence = {};
  /// Signal over error of the weights, of the worse of both stacks. Infinite if nothing is lost.
  double sqnr_db = 0;
};

/// The LSTM nodes of the main graph that are worth it, in graph order, by name. Cost: linear.
std::vector<std::string> find_lstms(graph::Graph& graph);

/// Codes for the weights of one of them; an obstacle if it is in `excluded`, if its weights are not
/// constant, hold what is not finite or lose too much, or if it is laid out batch first. Scales are
/// symmetric, one for each row of a gate, with room for pairs where the target needs it
/// (passes/pair_sums.h).
QuantizedLstm quantize_lstm(const graph::Graph& graph, const onnx::NodeProto& node,
                            const targets::Target& target,
                            const std::unordered_set<std::string>& excluded = {});

}  // namespace rangefinder::passes
