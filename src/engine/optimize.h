#pragma once

#include <cstdint>

#include "engine/model_source.h"
#include "engine/packed_model.h"
#include "engine/session.h"

namespace rangefinder::engine {

struct OptimizeOptions {
  /// Weights of more bytes than this are written to a file of their own where they are likely to be
  /// written anew: ONNX Runtime then needs no message that holds all of them.
  uint64_t most_bytes_in_message = uint64_t{8} << 20;
  /// Needed if the model holds Observe operators.
  ObserveSink* observe = nullptr;
};

/// The model as ONNX Runtime rewrites it.
///
/// kBasic folds constants and BatchNormalization and drops identities: still standard ONNX.
/// kExtended and kAll bring operators of com.microsoft, for looking at or for running here. Weights
/// that stay as they are stay where they are; larger ones that are written anew are in a temporary
/// folder, which the result holds. Throws Error.
HeldModel optimize_model(const ModelSource& model, OptimizationLevel level,
                         const OptimizeOptions& options = {});

}  // namespace rangefinder::engine
