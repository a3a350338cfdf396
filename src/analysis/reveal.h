#pragma once

#include <onnx/onnx_pb.h>

#include <span>
#include <string>

#include "engine/model_source.h"

namespace rangefinder::analysis {

/// The model with some tensors of its main graph among its outputs, behind those that it has; the
/// names of outputs change nothing. ONNX Runtime may fuse less around them.
onnx::ModelProto revealing(onnx::ModelProto model, std::span<const std::string> inner);

/// The same of a model that is ready to be run; as it was if `inner` is empty. Throws Error.
engine::ModelSource revealing(const engine::ModelSource& model, std::span<const std::string> inner);

}  // namespace rangefinder::analysis
