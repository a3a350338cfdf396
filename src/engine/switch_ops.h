#pragma once

// What integer kernels round, as operators that do it while their switch is on and else pass on
// what they are given: one session simulates any choice of float nodes. For the sources of this
// folder only.

#include <onnxruntime_cxx_api.h>

#include "engine/custom_op.h"
#include "engine/operator_names.h"
#include "quantization/tensor_quantization_config.h"

namespace rangefinder::engine {

/// y, float32 as x: what codes with the attributes' scale, zero point and bounds restore of x.
class RoundKernel {
 public:
  static constexpr const char* kOperator = kRoundOperator;
  static constexpr size_t kInputCount = 1;

  explicit RoundKernel(const Ort::ConstKernelInfo& info);
  void compute(const Ort::KernelContext& context) const;

 private:
  size_t number_;
  quantization::TensorQuantizationConfig config_;
};

/// y, float32: the real weights x, or what their codes restore: inputs x, int8 codes of the same
/// shape, float32 scales, one or as many as x has elements along the attribute's axis.
class RestoreKernel {
 public:
  static constexpr const char* kOperator = kRestoreOperator;
  static constexpr size_t kInputCount = 3;
  static constexpr ONNXTensorElementDataType input_type(size_t input) {
    return input == 1 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  }

  explicit RestoreKernel(const Ort::ConstKernelInfo& info);
  /// Throws std::invalid_argument on other shapes.
  void compute(const Ort::KernelContext& context) const;

 private:
  size_t number_;
  int64_t axis_;
};

/// y: the first of two float32 tensors, or the second while the switch is on.
class SelectKernel {
 public:
  static constexpr const char* kOperator = kSelectOperator;
  static constexpr size_t kInputCount = 2;

  explicit SelectKernel(const Ort::ConstKernelInfo& info);
  void compute(const Ort::KernelContext& context) const;

 private:
  size_t number_;
};

using RoundOperator = KernelOperator<RoundKernel>;
using RestoreOperator = KernelOperator<RestoreKernel>;
using SelectOperator = KernelOperator<SelectKernel>;

}  // namespace rangefinder::engine
