#include "graph/model_advice.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

#include "base/content_advice.h"

// Formats by their magic bytes at fixed places; the rest - archives that several programs write,
// and protocol buffers, which have no magic bytes - by extension.

namespace rangefinder::graph {
namespace {

constexpr char kTorch[] =
    "a PyTorch file: load the module in Python and export it with torch.onnx.export()";
constexpr char kKeras[] =
    "a Keras model: convert it with tf2onnx, or model.export(..., format='onnx') of Keras 3";
constexpr char kTensorFlow[] = "a TensorFlow graph: convert it with 'python -m tf2onnx.convert'";
constexpr char kTensorFlowLite[] =
    "a TensorFlow Lite model: convert it with 'python -m tf2onnx.convert --tflite'";
constexpr char kSafetensors[] =
    "a file of weights without a graph: build the module in Python, load them and export it with "
    "torch.onnx.export()";
constexpr char kOrt[] =
    "a model in ONNX Runtime's own format, already optimized: take the .onnx file that it was made "
    "of";
constexpr char kOpenVino[] = "an OpenVINO model: take the ONNX file that it was made of";
constexpr char kArray[] = "an array of NumPy, a sample rather than a model: --data takes it";
constexpr char kStatistics[] =
    "a statistics file of ours rather than a model: 'inspect' shows it, 'solve --statistics' takes "
    "it";

struct Mark {
  size_t place;
  std::string_view bytes;
  const char* advice;
};

constexpr std::array<Mark, 7> kMarks = {{{4, "TFL3", kTensorFlowLite},
                                         {4, "ORTM", kOrt},
                                         {0, "\x89HDF\r\n\x1a\n", kKeras},
                                         {0, "\x93NUMPY", kArray},
                                         {0, "\x89RFS", kStatistics},
                                         {8, "{\"", kSafetensors},
                                         {0, "\x80\x02", kTorch}}};

struct Extension {
  std::string_view name;
  const char* advice;
};

constexpr std::array<Extension, 13> kExtensions = {
    {{".pt", kTorch},
     {".pth", kTorch},
     {".ckpt", kTorch},
     {".keras", kKeras},
     {".h5", kKeras},
     {".hdf5", kKeras},
     {".tflite", kTensorFlowLite},
     {".pb", kTensorFlow},
     {".safetensors", kSafetensors},
     {".ort", kOrt},
     {".xml", kOpenVino},
     {".npz", "an archive of arrays, a sample rather than a model: --data takes it"},
     {".mlmodel", "a Core ML model: take the model that it was made of and export it to ONNX"}}};

constexpr size_t kHead = 128;

std::string lower_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

std::optional<std::string> by_marks(std::string_view head) {
  for (const Mark& mark : kMarks) {
    if (head.size() >= mark.place && head.substr(mark.place).starts_with(mark.bytes)) {
      return mark.advice;
    }
  }
  return {};
}

std::optional<std::string> by_extension(const std::filesystem::path& path) {
  const std::string extension = lower_extension(path);
  for (const auto& [name, advice] : kExtensions) {
    if (extension == name) return advice;
  }
  return {};
}

std::string folder_advice(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (std::filesystem::exists(folder / "saved_model.pb", ignored)) {
    return "a SavedModel of TensorFlow: convert it with 'python -m tf2onnx.convert --saved-model'";
  }
  if (lower_extension(folder) == ".mlpackage") {
    return "a Core ML package: take the model that it was made of and export it to ONNX";
  }
  return {};
}

}  // namespace

std::string model_advice(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return folder_advice(path);
  const std::string head = head_of(path, kHead);
  if (head.empty()) return {};
  if (const auto advice = by_marks(head)) return *advice;
  std::string content = content_advice(head);
  const bool is_archive = head.starts_with("PK\x03\x04");
  if (!content.empty() && !is_archive) return content;
  if (const auto advice = by_extension(path)) return *advice;
  return content;
}

}  // namespace rangefinder::graph
