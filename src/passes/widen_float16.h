#pragma once

#include <onnx/onnx_pb.h>

namespace rangefinder::passes {

/// Rewrites a model that computes in float16 to compute in float32; true if there was any float16.
///
/// Constants, Cast targets and declared types change, in bodies and functions too. Inputs and
/// outputs of the model stay float16, each behind a Cast. Every float16 number is a float32
/// number, so only the rounding of intermediate results goes away.
/// Integer kernels restore float32: this is what makes a float16 model quantizable.
/// Throws Error naming the tensor: an input or output that is a sequence or optional of float16,
/// a constant that does not fit its shape.
bool widen_float16(onnx::ModelProto& model);

}  // namespace rangefinder::passes
