#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// Type and shape of everything that the main graph reads from outside and makes, as ONNX Runtime
/// infers them. Throws Error if it does not load the model; `path` names it.
TensorInfos infer_tensors(const onnx::ModelProto& model, const std::filesystem::path& path);

}  // namespace rangefinder::passes
