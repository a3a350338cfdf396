#pragma once

#include <onnx/onnx_pb.h>

#include <functional>

namespace rangefinder::engine {

/// Where a graph may be cut without ONNX Runtime making anything else of it.
struct CutRules {
  /// The tensors of this node may be handed from one piece to the next: ONNX Runtime fuses nothing
  /// across them.
  std::function<bool(const onnx::NodeProto& maker)> may_cross;
  /// Each piece that reads what this node makes, of tensors that may cross and of constants, makes
  /// it for itself.
  std::function<bool(const onnx::NodeProto& node)> is_repeated;
  /// Graphs of so many nodes are left whole.
  int largest_whole = 1000;
  /// With so many nodes a piece is large enough: opening a session costs as much as a few of them,
  /// and more than twice as many cost more than twice the time.
  int piece_size = 400;
};

using CutRulesOf = std::function<CutRules(const onnx::GraphProto& graph)>;

/// Quantized models are cut where codes are handed on, behind QuantizeLinear.
CutRules cuts_at_codes(const onnx::GraphProto& graph);

/// Instrumented models are cut at observed tensors, which are there as they are whatever is fused
/// around them; and only where every reader computes the same bits in any layout.
CutRules cuts_at_observed(const onnx::GraphProto& graph);

}  // namespace rangefinder::engine
