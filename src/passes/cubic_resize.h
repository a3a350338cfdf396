#pragma once

#include <onnx/onnx_pb.h>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// Keeps channels first around a cubic Resize that may shrink: ONNX Runtime, when it puts channels
/// last for integer convolutions, moves such a Resize along, and then has no kernel for it.
/// A copy (Einsum of one input, which it does not move layouts through) stands before and behind.
/// Such a Resize with antialias has the kernel. Adds what it makes to `infos`.
void fence_cubic_resize(onnx::ModelProto& model, TensorInfos& infos);

}  // namespace rangefinder::passes
