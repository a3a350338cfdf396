#pragma once

#include <onnx/onnx_pb.h>

namespace rangefinder::passes {

/// Takes out attributes that say what their absence says, and that integer kernels do not know by
/// name: dilations of ones on an AveragePool. Cost: linear in nodes.
void drop_neutral_attributes(onnx::ModelProto& model);

}  // namespace rangefinder::passes
