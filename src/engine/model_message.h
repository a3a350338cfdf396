#pragma once

#include <onnx/onnx_pb.h>

#include "engine/model_source.h"

namespace rangefinder::engine {

/// The model's message as it stands: weights in files of their own stay there. Throws Error.
onnx::ModelProto parse_message(const ModelSource& model);

/// This message in place of the model's, with the same files beside it. Throws Error beyond 2 GiB.
ModelSource with_message(const ModelSource& model, const onnx::ModelProto& message);

}  // namespace rangefinder::engine
