#pragma once

#include <onnx/onnx_pb.h>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// Writes MatMuls of known shape with more than two dimensions, to whose product a constant row is
/// added, as the Gemm of rows that ONNX Runtime makes of them sooner or later: Reshape, Gemm,
/// Reshape.
///
/// Its basic optimization does so, except where it recognizes an attention; its extended one then
/// does so there as well, of a quantized model too, where the bias is float and the product may
/// stay float for it, or it fails by names that it gave the first time. The Gemm has the MatMul's
/// name, the last Reshape name and output of the Add. What is new in the model is added to `infos`.
void write_matmul_bias_as_gemm(onnx::ModelProto& model, TensorInfos& infos);

}  // namespace rangefinder::passes
