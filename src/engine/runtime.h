#pragma once

// The engine's own view of ONNX Runtime. For the sources of this folder only: no other header
// includes ONNX Runtime, so that nobody above the engine compiles against it.

#include <onnxruntime_cxx_api.h>

#include <string>

#include "base/error.h"
#include "engine/bind_inputs.h"
#include "engine/session.h"

namespace rangefinder::engine {

/// The one environment of the process. Logs nothing: errors reach the caller as exceptions.
/// This, runtime_options() and borrow() come before all other use of ONNX Runtime, and open it:
/// they throw Error as runtime_library() does.
const Ort::Env& environment();

/// The options of ONNX Runtime that ours stand for. Throws Ort::Exception.
Ort::SessionOptions runtime_options(const ModelSource& model, const SessionOptions& options);

/// Why ONNX Runtime cannot run models on this CUDA device; empty if it can, as far as is known
/// without a model.
std::string cuda_provider_trouble(int device);

/// What the model says about input or output number `index`.
TensorInfo tensor_info(const std::string& name, const Ort::TypeInfo& type);

/// A tensor of ONNX Runtime that looks at our memory, which must outlive it.
Ort::Value borrow(const tensor::TensorView& view);

/// A copy of a tensor that ONNX Runtime owns.
tensor::Tensor copy(const Ort::Value& value);

}  // namespace rangefinder::engine
