#pragma once

// What the kernels of our own operators share. For the sources of this folder only.

#include <onnxruntime_cxx_api.h>

#include <exception>

#include "tensor/tensor.h"

namespace rangefinder::engine {

/// Runs `body`; an exception becomes the status that ONNX Runtime wants instead.
template <class Body>
OrtStatusPtr status_of(Body body) {
  try {
    body();
    return nullptr;
  } catch (const std::exception& error) {
    return Ort::Status(error.what(), ORT_FAIL).release();
  }
}

/// By reference: asking the way the C++ API usually does costs two allocations per node.
inline tensor::TensorView view_of(const Ort::ConstValue& value) {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  const int64_t* shape = nullptr;
  size_t rank = 0;
  Ort::ThrowOnError(
      Ort::GetApi().GetTensorElementTypeAndShapeDataReference(value, &type, &shape, &rank));
  return {static_cast<tensor::ElementType>(type), tensor::Shape(shape, shape + rank),
          value.GetTensorRawData()};
}

/// A new tensor of the given shape for output 0 of a kernel.
inline float* float_output(const Ort::KernelContext& context, const tensor::Shape& shape) {
  Ort::UnownedValue output = context.GetOutput(0, shape.data(), shape.size());
  return output.GetTensorMutableData<float>();
}

/// A kernel's compute() as ONNX Runtime calls it.
template <class Kernel>
class CalledKernel {
 public:
  explicit CalledKernel(const OrtKernelInfo* info) : kernel_(Ort::ConstKernelInfo(info)) {}
  OrtStatusPtr ComputeV2(OrtKernelContext* context) {  // NOLINT(readability-identifier-naming)
    return status_of([&] { kernel_.compute(Ort::KernelContext(context)); });
  }

 private:
  Kernel kernel_;
};

/// The operator of a kernel that makes one float32 tensor. The kernel tells its kOperator and
/// kInputCount, and input_type() if not all inputs are float32. The names of the functions are
/// those that Ort::CustomOpBase asks for.
template <class Kernel>
class KernelOperator
    : public Ort::CustomOpBase<KernelOperator<Kernel>, CalledKernel<Kernel>, true> {
 public:
  // NOLINTBEGIN(readability-identifier-naming)
  OrtStatusPtr CreateKernelV2(const OrtApi&, const OrtKernelInfo* info, void** kernel) const {
    return status_of([&] { *kernel = new CalledKernel<Kernel>(info); });
  }
  const char* GetName() const { return Kernel::kOperator; }
  size_t GetInputTypeCount() const { return Kernel::kInputCount; }
  ONNXTensorElementDataType GetInputType(size_t input) const {
    if constexpr (requires { Kernel::input_type(input); }) {
      return Kernel::input_type(input);
    } else {
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    }
  }
  size_t GetOutputTypeCount() const { return 1; }
  ONNXTensorElementDataType GetOutputType(size_t) const {
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  }
  // NOLINTEND(readability-identifier-naming)
};

}  // namespace rangefinder::engine
