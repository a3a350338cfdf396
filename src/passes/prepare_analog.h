#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

namespace rangefinder::passes {

/// Brings a loaded model into the form in which analog::convert_to_analog() finds its layers.
///
/// As prepare() does for quantized models, but nothing is optimized: each node of the result is one
/// of the file's, under its own name. Inputs that have a value in the file become constants, local
/// functions their nodes, float16 becomes float32 (inputs and outputs stay), and weights that are
/// computed from constants - behind Cast, Reshape, Transpose, Identity, Constant and whatever else
/// - become initializers. A float32 model that needs none of this stays as it is. `path` names the
/// model in errors. Throws Error: as inline_functions(), widen_float16() and fold_constants() do.
onnx::ModelProto prepare_analog(onnx::ModelProto model, const std::filesystem::path& path);

}  // namespace rangefinder::passes
