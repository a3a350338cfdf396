#pragma once

#include <vector>

#include "graph/graph.h"
#include "passes/annotate.h"
#include "refine/scalable_channels.h"

namespace rangefinder::refine {

/// The outputs of LayerNormalization (operator or primitives: a Mul by a row of gains, maybe an Add
/// of a row behind it) and of other norms that a MatMul or Gemm with a constant matrix reads in
/// integers, the matrix its own, in graph order. A tensor that is read through parameters of
/// another one is none of them. Cost: linear in the number of nodes and reads.
std::vector<ScalableChannels> norm_outputs(graph::Graph& graph,
                                           const passes::Annotation& annotation);

}  // namespace rangefinder::refine
