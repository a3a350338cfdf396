#pragma once

#include <onnx/onnx_pb.h>

namespace rangefinder::passes {

/// Folds a constant Mul or Add behind a Conv with constant weights into the weights and the bias:
/// exact in real numbers, up to rounding in float32. The constant is one number or one per output
/// channel ([C,1,1], [1,C,1,1]). ONNX Runtime folds the same only for constants of the output's
/// rank; networks with learned scalar affines (PP-LCNet) write them as [1].
/// Only where nobody else reads the Conv's output. Repeats until nothing is left to fold.
void fold_affine(onnx::ModelProto& model);

}  // namespace rangefinder::passes
