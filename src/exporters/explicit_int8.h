#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "passes/annotate.h"

namespace rangefinder::exporters {

/// One input of a node that is to be read as int8.
struct Int8Read {
  std::string node = {};
  std::string op_type = {};
  int input = 0;
  std::string tensor = {};
};

/// A node that may compute in int8, or an addition that may take a residual as int8.
struct Int8Node {
  std::string name = {};
  std::string op_type = {};
  /// All of them, or the node stays float.
  std::vector<Int8Read> activations = {};
  /// A constant that is read as codes, too.
  std::optional<Int8Read> weight = {};
  /// Whether it multiplies by weights: the others only gain if their neighbours are int8.
  bool is_weighted = false;
};

/// Where pairs of QuantizeLinear and DequantizeLinear go.
struct Int8Placement {
  /// In graph order.
  std::vector<Int8Node> nodes = {};
  /// Nodes with weights that cannot have any, and why.
  std::vector<passes::FloatNode> left_float = {};

  /// Each activation once, in the order in which it is first read.
  std::vector<std::string> activations() const;
};

/// Where TensorRT's explicit quantization wants its pairs, by NVIDIA's published rules: at the
/// inputs of Conv, ConvTranspose, Gemm and MatMul, activations and weights alike, and of average
/// pools; where an Add closes a residual connection, at the branch that comes without a product of
/// its own; at no outputs, and not between a product and the normalization or Relu behind it.
/// Biases stay float. Cost: linear in nodes and reads.
Int8Placement place_for_tensorrt(onnx::ModelProto& model, const passes::TensorInfos& infos);

/// The scale of an activation; none: it stays float.
using ScaleOf = std::function<std::optional<float>(const std::string& tensor)>;

/// What write_explicit_int8() did.
struct Int8Written {
  size_t weighted_count = 0;
  size_t activation_pair_count = 0;
  size_t weight_pair_count = 0;
  /// Nodes of the placement that stay float because one of their activations has no scale.
  std::vector<passes::FloatNode> left_float = {};
};

/// Writes the pairs: int8, zero point 0, one scale for an activation, one per output channel for a
/// weight, which stays a float initializer behind its pair. All that read a tensor as int8 stand
/// behind one pair; the others keep the tensor. The model must be of operator set 13 or later.
/// Throws Error naming node and tensor if a weight holds NaN or infinity.
Int8Written write_explicit_int8(onnx::ModelProto& model, const Int8Placement& placement,
                                const ScaleOf& scale_of);

}  // namespace rangefinder::exporters
