#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>
#include <unordered_set>

namespace rangefinder::passes {

/// Gives those of `tensors` that nodes of the main graph compute from constants alone their values,
/// as initializers of the same names, and drops the nodes that nobody needs any more.
///
/// ONNX Runtime computes the values. Two tensors that are computed in the same way from the same
/// initializers become one, so that weights which are shared in the file stay shared. All else of
/// the model stays as it is. `path` names the model in errors. Throws Error: what ONNX Runtime
/// says.
void fold_constants(onnx::ModelProto& model, const std::unordered_set<std::string>& tensors,
                    const std::filesystem::path& path);

}  // namespace rangefinder::passes
