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

}  // namespace rangefinder::engine
