#pragma once

#include <cstdint>

#include "engine/model_source.h"
#include "engine/session.h"

namespace rangefinder::engine {

struct OptimizeOptions {
  /// A model that needs more bytes than this, weights included, comes back with external data:
  /// protobuf refuses 2 GiB, and constant folding may enlarge a model.
  uintmax_t largest_single_file = uintmax_t{1} << 30;
  /// Needed if the model holds Observe operators.
  ObserveSink* observe = nullptr;
};

/// The model as ONNX Runtime rewrites it.
///
/// kBasic folds constants and BatchNormalization and drops identities: still standard ONNX.
/// kExtended and kAll bring operators of com.microsoft, for looking at or for running here.
/// External data stays where it is, unless it must be written anew: then it is in a temporary
/// folder that the result holds alive. Throws Error.
ModelSource optimize_model(const ModelSource& model, OptimizationLevel level,
                           const OptimizeOptions& options = {});

}  // namespace rangefinder::engine
