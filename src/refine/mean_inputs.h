#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "graph/graph.h"
#include "passes/annotate.h"

namespace rangefinder::refine {

/// Where the channels of its input lie, for each tensor whose mean is wanted.
struct MeanInputs {
  /// The axis of each tensor, from the back if negative.
  std::map<std::string, int64_t> axes = {};
  /// Nodes with weights whose mean input would be of no use, or cannot be had, and why.
  std::map<std::string, std::string> left_out = {};
};

/// The inputs of the nodes that multiply by constant weights in integers, as they read them: the
/// channels of a Conv, the columns of a Gemm, and of a MatMul whose product a constant is added to
/// (matmul_summand.h): another has no bias that a mean could correct.
/// Cost: linear in the number of nodes.
MeanInputs mean_inputs(graph::Graph& graph, const passes::Annotation& annotation);

}  // namespace rangefinder::refine
