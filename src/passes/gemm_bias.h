#pragma once

#include <onnx/onnx_pb.h>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// Takes the bias out of a Gemm, into an Add of its own, where no integer kernel could hold it:
/// computed by another node, not the same for every row, or too large in some outputs beside the
/// others (classes that are never to be chosen, see constant_obstacle()). ONNX Runtime's own
/// clean-up makes such a Gemm of every MatMul of matrices with a residual Add behind it. Leaves a
/// Gemm whose beta is not 1. Adds what it makes to `infos`.
void split_gemm_bias(onnx::ModelProto& model, TensorInfos& infos);

/// True if the Gemm has no bias, or a constant one that is one number or one per output.
bool has_row_bias(const graph::Graph& graph, const onnx::NodeProto& gemm);

}  // namespace rangefinder::passes
