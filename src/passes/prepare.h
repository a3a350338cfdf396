#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// A float model made ready for annotation.
struct PreparedModel {
  onnx::ModelProto model;
  TensorInfos infos;
  /// Of the file as it was given.
  uint64_t fingerprint = 0;
  /// Bytes of the file as it was given, external data included.
  uint64_t size = 0;
  /// The model could not be brought to a set whose DequantizeLinear has an axis: why. Quantized
  /// nodes then come from com.microsoft, which ONNX Runtime takes at any set.
  std::string kept_opset_because = {};
};

/// Loads a model and brings it into the form that the passes expect.
///
/// float16 becomes float32 (inputs and outputs stay). ONNX Runtime's basic optimization folds
/// constants and BatchNormalization, then: constant inputs become constants, the operator set at
/// least 13, every node named, scalar affines behind convolutions folded into them, a Gemm's bias
/// that is no row an Add of its own, HardSwish written as Mul and HardSigmoid. Element types and
/// shapes are what ONNX Runtime infers. Deterministic: the same file gives the same model. Throws
/// Error: not a model, an operator set that cannot be brought to 10, what ONNX Runtime says.
PreparedModel prepare(const std::filesystem::path& path);

}  // namespace rangefinder::passes
