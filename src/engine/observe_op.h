#pragma once

// The Observe operator as ONNX Runtime sees it. For the sources of this folder only.

#include <onnxruntime_cxx_api.h>

#include "engine/observe_slots.h"

namespace rangefinder::engine {

/// What ONNX Runtime calls its provider for CUDA.
inline constexpr char kCudaProvider[] = "CUDAExecutionProvider";

class ObserveKernel {
 public:
  ObserveKernel(const OrtKernelInfo* info, ObserveSink& sink, bool is_on_device);
  OrtStatusPtr ComputeV2(OrtKernelContext* context);  // NOLINT(readability-identifier-naming)

 private:
  ObserveTarget target_;
  /// An output that nobody asks for need not be made, which saves a third of the call.
  bool makes_token_;
  ObserveSink& sink_;
  bool is_on_device_;
};

/// Counts its input.
///
/// Input: a float32, float16 or bfloat16 tensor. Output: a scalar that says nothing; as an output
/// of the graph it keeps the node from being pruned, and it is made only where the attribute
/// kMakesTokenAttribute is not 0. Other attributes: see ObserveTarget.
/// Kernels find their worker's sink through the operator object, which belongs to one session.
/// On a CUDA device the input stays where it is, and what is to be done with it is put into the
/// stream that computes it.
/// The names of its functions are those that Ort::CustomOpBase asks for.
class ObserveOperator : public Ort::CustomOpBase<ObserveOperator, ObserveKernel, true> {
 public:
  /// `sink` must outlive this.
  explicit ObserveOperator(ObserveSink& sink, ObservePlace place = ObservePlace::kCpu)
      : sink_(&sink), place_(place) {}

  // NOLINTBEGIN(readability-identifier-naming)
  OrtStatusPtr CreateKernelV2(const OrtApi&, const OrtKernelInfo* info, void** kernel) const;
  const char* GetName() const { return kObserveOperator; }
  const char* GetExecutionProviderType() const {
    return place_ == ObservePlace::kCuda ? kCudaProvider : nullptr;
  }
  size_t GetInputTypeCount() const { return 1; }
  // Undefined stands for any type: the kernel looks at the tensor.
  ONNXTensorElementDataType GetInputType(size_t) const {
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  }
  size_t GetOutputTypeCount() const { return 1; }
  ONNXTensorElementDataType GetOutputType(size_t) const {
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  ObserveSink* sink_;
  ObservePlace place_;
};

}  // namespace rangefinder::engine
