#pragma once

#include <string>
#include <vector>

#include "engine/instrument.h"

namespace rangefinder::bench {

/// The activations of a model that a quantizer needs ranges of: what convolutions, matrix products,
/// sums, products, concatenations and pools read and write, but not what is fused away: the output
/// of a Conv, Gemm, MatMul, Add or BatchNormalization whose only reader is a Relu or Clip.
/// `serialized` should have been cleaned up by ONNX Runtime's basic optimization.
std::vector<engine::ObservedTensor> quantizable_tensors(const std::string& serialized);

}  // namespace rangefinder::bench
