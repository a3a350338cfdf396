#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <unordered_set>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// Names of the tensors that Gemms of the main graph make.
std::unordered_set<std::string> gemm_outputs(const onnx::ModelProto& model);

/// Writes Gemms that no integer kernel takes so that one does: a transposed first factor becomes a
/// Transpose, which moves codes; with a computed second factor the product becomes the MatMul that
/// it was before ONNX Runtime's optimization made a Gemm of it.
///
/// `written` are the outputs of Gemms that the user wrote: with a computed second factor those
/// stay. So do Gemms whose first factor is constant. alpha becomes a Mul, the summand with beta an
/// Add, behind a Max of one input that keeps ONNX Runtime from making the Gemm again. What is new
/// in the model is added to `infos`.
void split_gemm_factors(onnx::ModelProto& model, TensorInfos& infos,
                        const std::unordered_set<std::string>& written = {});

}  // namespace rangefinder::passes
