#pragma once

#include <onnx/onnx_pb.h>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// Writes x * clip(x + 3, 0, 6) / 6, in the orders that exporters use, as Mul(x, HardSigmoid(x)):
/// two sweeps over the tensor instead of four. Equal in real numbers; up to rounding in float32.
/// Kernels for it are float everywhere, so it stands between the integer kernels of mobile
/// networks and is where their time goes.
void write_hard_swish(onnx::ModelProto& model, TensorInfos& infos);

}  // namespace rangefinder::passes
