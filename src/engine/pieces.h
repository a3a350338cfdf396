#pragma once

#include <onnx/onnx_pb.h>

#include <functional>

#include "engine/model_source.h"
#include "engine/optimize.h"

namespace rangefinder::engine {

/// Where a graph may be cut without ONNX Runtime making anything else of it.
struct CutRules {
  /// The tensors of this node may be handed from one piece to the next: ONNX Runtime fuses nothing
  /// across them.
  std::function<bool(const onnx::NodeProto& maker)> may_cross;
  /// Each piece that reads what this node makes, of tensors that may cross and of constants, makes
  /// it for itself.
  std::function<bool(const onnx::NodeProto& node)> is_repeated;
  /// With so many nodes a piece is large enough.
  int piece_size = 1000;
};

/// Quantized models are cut where codes are handed on, behind QuantizeLinear.
CutRules cuts_at_codes();

/// optimize_model() for graphs of any number of nodes: the time that ONNX Runtime takes grows with
/// the square of it, so it is given pieces, one after the other, and what it makes of them is put
/// together again. What is small, has bodies, or cannot be cut is optimized as it is. Throws Error.
ModelSource optimize_in_pieces(const ModelSource& model, OptimizationLevel level,
                               const CutRules& rules, const OptimizeOptions& options = {});

}  // namespace rangefinder::engine
