#pragma once

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>

#include "graph/graph.h"

namespace rangefinder::refine {

/// Where a constant is added to all rows of a product alike.
struct MatmulSummand {
  /// The Add, and which of its inputs is the constant.
  std::string node;
  int input;
};

/// A MatMul has no bias, but most are followed by the Add of one. Finds it: the only reader of the
/// product, in float, with a constant of one value for each column. None if there is no such Add,
/// or if the weights are no matrix.
std::optional<MatmulSummand> matmul_summand(const graph::Graph& graph,
                                            const onnx::NodeProto& matmul);

}  // namespace rangefinder::refine
