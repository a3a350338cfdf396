#pragma once

#include <onnx/onnx_pb.h>

namespace rangefinder::passes {

/// Rewrites a model that computes in float16 or bfloat16 to compute in float32; true if there was
/// any of either.
///
/// Constants, Cast targets and declared types change, in bodies and functions too. Inputs and
/// outputs of the model keep their types, each behind a Cast. Every number of 16 bits is a float32
/// number, so only the rounding of intermediate results goes away.
/// Integer kernels restore float32: this is what makes such a model quantizable. ONNX Runtime has
/// hardly any kernel for bfloat16 on a CPU, so this is also what makes such a model run.
/// Throws Error naming the tensor: an input or output that is a sequence or optional of such
/// numbers, a constant that does not fit its shape.
bool widen_float16(onnx::ModelProto& model);

}  // namespace rangefinder::passes
