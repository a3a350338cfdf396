#pragma once

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "analog/layers/analog_model.h"
#include "graph/graph.h"
#include "tensor/tensor.h"

namespace rangefinder::analog {

/// A layer that a node could become, before configuration: name, module, one site, weights.
struct LayerCandidate {
  AnalogLayer layer;
  /// Nodes with the same key are the same layer, called several times.
  std::string key;
};

/// Why a node stays digital.
struct StaysDigital {
  std::string reason;
};

/// The layers of one node (a recurrent node has two per direction), or why it stays digital.
using Candidates = std::variant<std::vector<LayerCandidate>, StaysDigital>;

/// Of a Gemm or MatMul whose second operand is constant.
Candidates linear_candidates(const graph::Graph& graph, const onnx::NodeProto& node);
/// Of a Conv with a constant weight.
Candidates convolution_candidates(const graph::Graph& graph, const onnx::NodeProto& node);
/// Of an LSTM, GRU or RNN with constant weights and default activations, over whole sequences.
Candidates recurrent_candidates(const graph::Graph& graph, const onnx::NodeProto& node);

/// The value of a tensor that does not depend on the model's inputs: an initializer, a Constant, or
/// an Identity or a Transpose of one. Empty if it is none of these.
std::optional<tensor::Tensor> constant_value(const graph::Graph& graph, const std::string& name);

/// The name of input `index` of a node; empty if it is left out.
std::string input_name(const onnx::NodeProto& node, int index);

/// What PyTorch called the module that owns the weight: "fc1" of "fc1.weight"; else `node`.
std::string module_name(const std::string& weight, const std::string& node);

/// A constant float32 weight, or why there is none.
std::variant<tensor::Tensor, StaysDigital> float_weight(const graph::Graph& graph,
                                                        const std::string& name);

}  // namespace rangefinder::analog
