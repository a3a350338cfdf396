#pragma once

#include "engine/cut_rules.h"
#include "engine/model_source.h"
#include "engine/optimize.h"

namespace rangefinder::engine {

/// optimize_model() for graphs of any number of nodes: the time that ONNX Runtime takes grows with
/// the square of it, so it is given pieces, one after the other, and what it makes of them is put
/// together again. What is small, has bodies, or cannot be cut is optimized as it is. Throws Error.
HeldModel optimize_in_pieces(const ModelSource& model, OptimizationLevel level,
                             const CutRulesOf& rules, const OptimizeOptions& options = {});

}  // namespace rangefinder::engine
