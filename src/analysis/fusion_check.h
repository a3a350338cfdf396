#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/model_source.h"
#include "engine/packed_model.h"
#include "passes/annotate.h"

namespace rangefinder::analysis {

/// How many of the nodes that could compute in integers really do.
struct FusionReport {
  /// Conv, Gemm and MatMul nodes of the prepared float model.
  size_t eligible_nodes = 0;
  size_t integer_nodes = 0;
  /// The others, each with its reason; then pools and the like that no integer kernel suits.
  std::vector<passes::FloatNode> float_nodes;
  /// What ONNX Runtime made of the model: it runs the same when loaded without optimization.
  engine::ModelSource optimized = {};
};

/// What ONNX Runtime makes of a model with all of its optimizations. Throws Error if it refuses it.
engine::HeldModel optimized(const engine::ModelSource& model);

/// Whether ONNX Runtime's operator of this name multiplies in integers.
bool is_integer_kernel(const std::string& op_type);

/// Loads the quantized model with all of ONNX Runtime's optimizations and looks at what became of
/// each weighted node: an integer kernel (QLinearConv, QGemm, QLinearMatMul, MatMulIntegerToFloat,
/// ...), or a float one and why. Throws Error if ONNX Runtime refuses the model.
FusionReport check_fusion(const engine::ModelSource& quantized,
                          const passes::Annotation& annotation);

/// The same for any model, without knowing how it was made: weighted nodes are those of the
/// optimized model.
FusionReport check_fusion(const engine::ModelSource& model);

}  // namespace rangefinder::analysis
