#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <future>
#include <string>

#include "engine/model_source.h"
#include "passes/annotate.h"
#include "passes/origins.h"

namespace rangefinder::passes {

/// Initializers that are also inputs could be replaced by a caller; calibration takes the values
/// in the file, so they are no longer inputs afterwards.
void make_inputs_constant(onnx::GraphProto& graph);

/// A float model made ready for annotation.
struct PreparedModel {
  onnx::ModelProto model;
  /// What its weights lie in beside files of the user's.
  engine::HeldFolders held = {};
  TensorInfos infos;
  /// What the nodes of the file became.
  Origins origins = {};
  /// graph::fingerprint() of the file as it was given, found out when first asked for: it goes over
  /// all weights, byte by byte.
  std::shared_future<uint64_t> fingerprint = {};
  /// Bytes of the file as it was given, external data included.
  uint64_t size = 0;
  /// The model could not be brought to a set whose DequantizeLinear has an axis: why. Quantized
  /// nodes then come from com.microsoft, which ONNX Runtime takes at any set.
  std::string kept_opset_because = {};
};

/// Loads a model and brings it into the form that the passes expect.
///
/// float16 and bfloat16 become float32 (inputs and outputs stay). ONNX Runtime's basic optimization
/// folds constants and BatchNormalization, then: constant inputs become constants, the operator set
/// at least 13, every node named, what an earlier optimization fused split again, scalar affines
/// behind convolutions folded into them, a Gemm's transposed factor a Transpose and its bias that
/// is no row an Add of its own, HardSwish written as Mul and HardSigmoid, Resize and pools as
/// integer kernels and channels last take them. Inputs and outputs are declared as in the file;
/// nodes have the names of those that they were made of. Element types and shapes are what ONNX
/// Runtime infers. Deterministic: the same file gives the same model. Throws Error: not a model,
/// one in ONNX Runtime's blocked layout, an operator set that cannot be brought to 10, what ONNX
/// Runtime says.
PreparedModel prepare(const engine::ModelSource& source);

}  // namespace rangefinder::passes
