#pragma once

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>

#include "graph/graph.h"

namespace rangefinder::passes {

/// What is fused behind a Conv, Gemm or MatMul and keeps values out of its output.
struct OutputBound {
  /// A Relu, or a Clip from 0.
  bool is_from_zero = false;
  std::optional<float> upper = {};
};

/// Why the constants of a Conv, Gemm or MatMul cannot become codes beside each other; empty if they
/// can [docs/targets.md, Constants]:
/// - the bias holds an infinity;
/// - the bias takes the output's range from all other channels: with activations as large as 255
///   and all products falling together, the others stay within one of 255 steps;
/// - a stack of matrices, which has one scale, would lose more than half of its columns to it.
/// NaN is no reason: see refuse_nonfinite(). Cost: one pass over the constants.
std::string constant_obstacle(const graph::Graph& graph, const onnx::NodeProto& node,
                              const OutputBound& bound = {});

/// Throws Error naming node and tensor if the node's constant weight holds NaN or an infinity, or
/// its constant bias NaN.
void refuse_nonfinite(const graph::Graph& graph, const onnx::NodeProto& node);

}  // namespace rangefinder::passes
