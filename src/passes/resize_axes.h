#pragma once

#include <onnx/onnx_pb.h>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// Writes every Resize that names its axes (operator set 18) with scales, sizes and roi of all
/// axes. The same values; but ONNX Runtime, when it puts channels last for integer convolutions,
/// permutes scales and sizes as if they were of all axes, and fails or computes something else.
///
/// Sizes that keep an aspect ratio are written as what they come to, which takes constant sizes and
/// known dimensions; where those are missing such a Resize stays as it is. What is not constant is
/// put together by nodes (Shape, ScatterElements). Adds what it makes to `infos`.
void write_all_axes(onnx::ModelProto& model, TensorInfos& infos);

}  // namespace rangefinder::passes
