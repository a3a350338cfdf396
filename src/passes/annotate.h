#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/graph.h"
#include "quantization/affine.h"
#include "targets/target.h"

namespace rangefinder::passes {

/// Element type and rank of every tensor, as the runtime infers them.
struct TensorInfo {
  tensor::ElementType type = tensor::ElementType::kUndefined;
  /// Symbolic dimensions are -1. Empty optional: even the rank is unknown.
  std::optional<tensor::Shape> shape = {};
};
using TensorInfos = std::map<std::string, TensorInfo>;

/// Whether a tensor is known to hold float32.
bool is_float(const TensorInfos& infos, const std::string& tensor);

/// A tensor that will hold codes.
struct QuantizedTensor {
  std::string name;
  /// The tensor whose parameters it shares: itself, or where a chain of movers and constant factors
  /// took its codes from.
  std::string root;
  /// Its values are those of the root's codes times this; its scale is the root's times this.
  float factor = 1;
  /// Not empty: a constant factor away from this tensor, whose codes it reads.
  std::string codes_of = {};
  /// Parameters known without looking at data (the output of a gate).
  std::optional<quantization::AffineParameters> fixed = {};
  /// The largest value that a fused Clip lets through; the grid must not reach beyond.
  std::optional<float> upper_bound = {};
  /// Every reader stands behind the DequantizeLinear, because what makes the tensor computes in
  /// codes; else only the reads below, and the others keep the float tensor.
  bool hides_float = false;
  /// It has its root's codes without a pair of its own: what moves values stands behind the root's
  /// DequantizeLinear.
  bool is_carried = false;
  /// Reads that want codes: node name and input position.
  std::vector<std::pair<std::string, int>> reads = {};

  bool is_observed() const { return root == name && !fixed; }
  /// The tensor's scale if its root has this one: never zero, denormal or infinite.
  float scale(float root_scale) const;
};

/// A Conv, Gemm or MatMul that will compute in integers.
struct WeightedNode {
  std::string name;
  std::string op_type;
  /// Its weight is a constant; else both factors are activations.
  bool has_constant_weight = true;
};

/// A HardSigmoid that computes on codes: clip(alpha x + beta, 0, 1) is an addition whose result
/// saturates as codes with scale 1/255.
struct GateNode {
  std::string name;
  std::string input;
  float alpha;
  float beta;
};

/// A node that stays float although its operator has an integer kernel, and why.
struct FloatNode {
  std::string name;
  std::string op_type;
  std::string reason;
};

/// Which tensors of a prepared model become codes.
struct Annotation {
  /// In graph order.
  std::vector<QuantizedTensor> tensors;
  /// Where each of them stands there, by name.
  std::unordered_map<std::string, size_t> places = {};
  std::vector<WeightedNode> weighted;
  std::vector<GateNode> gates = {};
  /// Constants that arithmetic nodes read as codes: node name and input position. Of one element
  /// where codes go between kernels.
  std::vector<std::pair<std::string, int>> constants = {};
  /// Groups of roots that share their parameters, which come of what all of them saw together; the
  /// first of a group is its master.
  std::vector<std::vector<std::string>> aligned = {};
  /// Conv, Gemm and MatMul nodes.
  std::vector<FloatNode> left_float;
  /// Others that stand between codes, and whose integer kernels compute something else.
  std::vector<FloatNode> unsuited = {};
  /// Nodes that must compute in float though tensors of codes may lie around them: those that are
  /// excluded, and those of operators with integer kernels that such a kernel would not serve.
  std::vector<std::string> kept_float = {};
  /// Relu and Clip nodes that compute in float behind a Gemm or MatMul. ONNX Runtime would look
  /// for a QuantizeLinear behind them and, finding none, leave the product in float.
  std::vector<std::string> float_bounds = {};

  const QuantizedTensor* find(const std::string& tensor) const;
  /// Names of the tensors that must be observed, in graph order.
  std::vector<std::string> observed() const;
};

/// Decides which tensors become codes so that every Conv, Gemm and MatMul finds an integer kernel.
///
/// Weighted nodes want codes at their inputs; Conv also makes them (ONNX Runtime has no Conv from
/// codes to float). Between weighted nodes, arithmetic and movers compute on codes if all their
/// data come from tensors that are codes anyway and some reader wants codes. A positive constant
/// factor costs nothing: the same codes are read with another scale. A Relu, or a Clip from 0,
/// behind a maker of codes is fused: only its output is quantized.
/// Targets of another placement have rules of their own (passes/annotate_explicit.h).
/// The nodes named in `excluded` compute in float (passes/exclusion.h). One that only moves or
/// scales values still has its input's parameters, so that no data are needed for its output.
/// Cost: linear in the number of nodes and reads.
Annotation annotate(graph::Graph& graph, const TensorInfos& infos, const targets::Target& target,
                    const std::unordered_set<std::string>& excluded = {});

}  // namespace rangefinder::passes
