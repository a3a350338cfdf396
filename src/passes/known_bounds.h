#pragma once

#include <map>
#include <string>

#include "graph/graph.h"
#include "passes/annotate.h"
#include "quantization/range.h"

namespace rangefinder::passes {

/// The observed tensors whose values cannot leave an interval, whatever the data: made by Softmax,
/// Sigmoid or HardSigmoid (0 to 1), or by Tanh, Erf, Sin, Cos or Softsign (-1 to 1), or moved
/// (Reshape, Transpose, ...) from what those make. Bounds of Clip and Relu are not among them:
/// where they matter they are fused into what is read. Cost: linear in tensors and moves.
std::map<std::string, quantization::Range> known_bounds(const graph::Graph& graph,
                                                        const Annotation& annotation);

}  // namespace rangefinder::passes
