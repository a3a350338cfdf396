#include "engine/runtime.h"

#include <onnxruntime_session_options_config_keys.h>
#include <stdlib.h>

#include <cstring>
#include <string>

#include "engine/runtime_library.h"

namespace rangefinder::engine {
namespace {

GraphOptimizationLevel runtime_level(OptimizationLevel level) {
  switch (level) {
    case OptimizationLevel::kNone:
      return ORT_DISABLE_ALL;
    case OptimizationLevel::kBasic:
      return ORT_ENABLE_BASIC;
    case OptimizationLevel::kExtended:
      return ORT_ENABLE_EXTENDED;
    case OptimizationLevel::kAll:
      return ORT_ENABLE_ALL;
  }
  return ORT_ENABLE_ALL;
}

Ort::MemoryInfo cpu_memory() {
  runtime_library();
  return Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
}

/// As exact, and as repeatable, as the provider can be: float32 and not TensorFloat32, and
/// convolutions by rule instead of by what was fastest just now.
void use_cuda(Ort::SessionOptions& options, int device) {
  // The provider's library logs while it is opened, and there is no log before the environment.
  environment();
  Ort::CUDAProviderOptions cuda;
  cuda.Update({{"device_id", std::to_string(device)},
               {"use_tf32", "0"},
               {"cudnn_conv_algo_search", "HEURISTIC"}});
  options.AppendExecutionProvider_CUDA_V2(*cuda);
  options.SetDeterministicCompute(true);
}

void ignore_log(void*, OrtLoggingLevel, const char*, const char*, const char*, const char*) {}

}  // namespace

const Ort::Env& environment() {
  runtime_library();
  // Published builds of ONNX Runtime report usage to their maker: they leave files in the temporary
  // folder, and search the command line with a recursion that a few thousand words overflow.
  static const int no_telemetry = ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  static_cast<void>(no_telemetry);
  static const Ort::Env env(ORT_LOGGING_LEVEL_FATAL, "rangefinder", ignore_log, nullptr);
  return env;
}

Ort::SessionOptions runtime_options(const ModelSource& model, const SessionOptions& options) {
  runtime_library();
  Ort::SessionOptions result;
  result.SetIntraOpNumThreads(options.threads);
  result.SetInterOpNumThreads(1);
  result.SetExecutionMode(ORT_SEQUENTIAL);
  result.SetGraphOptimizationLevel(runtime_level(options.optimization));
  if (options.is_for_looking || !options.save_optimized.empty()) {
    result.AddConfigEntry(kOrtSessionOptionsConfigDisablePrepacking, "1");
  }
  if (!options.save_optimized.empty()) {
    result.SetOptimizedModelFilePath(options.save_optimized.c_str());
    if (!options.save_data_as.empty()) {
      result.AddConfigEntry(kOrtSessionOptionsOptimizedModelExternalInitializersFileName,
                            options.save_data_as.c_str());
      result.AddConfigEntry(kOrtSessionOptionsOptimizedModelExternalInitializersMinSizeInBytes,
                            "1024");
    }
  }
  if (!model.bytes.empty() && !model.folder().empty()) {
    result.AddConfigEntry(kOrtSessionOptionsModelExternalInitializersFileFolderPath,
                          model.folder().c_str());
  }
  if (!options.keeps_memory) result.DisableCpuMemArena();
  if (options.cuda_device) use_cuda(result, *options.cuda_device);
  return result;
}

std::string cuda_provider_trouble(int device) {
  runtime_library();
  try {
    Ort::SessionOptions options;
    use_cuda(options, device);
    return {};
  } catch (const Ort::Exception& error) {
    const std::string message = error.what();
    // Of a library that cannot be opened it ends with a line break.
    return message.substr(0, message.find_last_not_of(" \n") + 1);
  }
}

TensorInfo tensor_info(const std::string& name, const Ort::TypeInfo& type) {
  TensorInfo info{.name = name, .type = tensor::ElementType::kUndefined, .shape = std::nullopt};
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) return info;
  const auto tensor_type = type.GetTensorTypeAndShapeInfo();
  // Both enumerations number the types as ONNX's TensorProto.DataType does.
  info.type = static_cast<tensor::ElementType>(tensor_type.GetElementType());
  if (tensor_type.HasShape()) info.shape = tensor_type.GetShape();
  return info;
}

Ort::Value borrow(const tensor::TensorView& view) {
  static const Ort::MemoryInfo memory = cpu_memory();
  // ONNX Runtime takes inputs as pointers to non-const, but never writes to them.
  return Ort::Value::CreateTensor(
      memory, const_cast<void*>(view.data), view.element_count() * tensor::element_size(view.type),
      view.shape.data(), view.shape.size(), static_cast<ONNXTensorElementDataType>(view.type));
}

tensor::Tensor copy(const Ort::Value& value) {
  const auto info = value.GetTensorTypeAndShapeInfo();
  tensor::Tensor result(static_cast<tensor::ElementType>(info.GetElementType()), info.GetShape());
  if (!result.bytes().empty()) {
    std::memcpy(result.bytes().data(), value.GetTensorRawData(), result.bytes().size());
  }
  return result;
}

}  // namespace rangefinder::engine
