#include "graph/model_file.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <charconv>
#include <fstream>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "graph/attributes.h"

namespace rangefinder::graph {
namespace {

constexpr size_t kMessageLimit = std::numeric_limits<int32_t>::max();

/// Where an external tensor's bytes are: the value of one `external_data` entry.
std::optional<std::string> external_entry(const onnx::TensorProto& tensor, std::string_view key) {
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == key) return entry.value();
  }
  return std::nullopt;
}

/// A tensor in an external file, and whose errors are whose.
struct ExternalTensor {
  onnx::TensorProto& tensor;
  const std::filesystem::path& model;

  [[noreturn]] void fail(const std::string& message) const {
    throw Error(message, {.file = model.string(), .tensor = tensor.name()});
  }

  uint64_t number(std::string_view key, uint64_t otherwise) const {
    const auto text = external_entry(tensor, key);
    if (!text) return otherwise;
    uint64_t value = 0;
    const char* end = text->data() + text->size();
    const auto [last, error] = std::from_chars(text->data(), end, value);
    if (error != std::errc() || last != end) {
      fail(fmt::format("external data entry '{}' is '{}', a number is needed", key, *text));
    }
    return value;
  }

  /// Inside the model's folder: a model is no reason to read other files of the user.
  std::filesystem::path location() const {
    const auto text = external_entry(tensor, "location");
    if (!text || text->empty()) fail("external data without a location");
    const auto path = std::filesystem::path(*text).lexically_normal();
    if (path.is_absolute() || *path.begin() == "..") {
      fail(fmt::format("external file '{}' is outside the model's folder", *text));
    }
    return path;
  }
};

/// Reads external tensors into the model, each from its part of its file.
class ExternalFiles {
 public:
  explicit ExternalFiles(std::filesystem::path model) : model_(std::move(model)) {}

  void embed(onnx::TensorProto& tensor) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) return;
    const ExternalTensor external{tensor, model_};
    open(external);
    const uint64_t offset = external.number("offset", 0);
    const uint64_t rest = offset <= size_ ? size_ - offset : 0;
    const uint64_t length = external.number("length", rest);
    if (offset > size_ || length > rest) {
      external.fail(fmt::format("external file '{}' has {} bytes, {} from {} are needed",
                                location_.string(), size_, length, offset));
    }
    total_ += length;
    if (total_ > kMessageLimit) external.fail("weights beyond 2 GiB are not supported");
    std::string& bytes = *tensor.mutable_raw_data();
    bytes.resize(length);
    stream_.seekg(static_cast<std::streamoff>(offset));
    if (!stream_.read(bytes.data(), static_cast<std::streamsize>(length))) {
      external.fail(fmt::format("external file '{}' cannot be read", location_.string()));
    }
    tensor.clear_external_data();
    tensor.clear_data_location();
  }

 private:
  /// Keeps the file open that the last tensor was in.
  void open(const ExternalTensor& external) {
    const auto location = external.location();
    if (location == location_) return;
    const auto path = model_.parent_path() / location;
    std::error_code error;
    size_ = std::filesystem::file_size(path, error);
    stream_ = std::ifstream(path, std::ios::binary);
    if (error || !stream_) {
      external.fail(
          fmt::format("external file '{}' is missing or cannot be read", location.string()));
    }
    location_ = location;
  }

  std::filesystem::path model_;
  std::filesystem::path location_;
  std::ifstream stream_;
  uint64_t size_ = 0;
  uint64_t total_ = 0;
};

void embed_external_data(onnx::GraphProto& graph, ExternalFiles& files) {
  for (auto& tensor : *graph.mutable_initializer()) files.embed(tensor);
  for (auto& node : *graph.mutable_node()) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) files.embed(*attribute.mutable_t());
      for (auto& tensor : *attribute.mutable_tensors()) files.embed(tensor);
    }
    for_each_subgraph(node, [&](onnx::GraphProto& body) { embed_external_data(body, files); });
  }
}

}  // namespace

onnx::ModelProto load_model(const std::filesystem::path& path) {
  onnx::ModelProto model = parse_model(read_file(path), path.string());
  ExternalFiles files(path);
  embed_external_data(*model.mutable_graph(), files);
  return model;
}

onnx::ModelProto parse_model(std::string_view bytes, const std::string& name) {
  if (bytes.size() > kMessageLimit) {
    throw Error("a model file beyond 2 GiB is not supported", {.file = name});
  }
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    throw Error("is not an ONNX model, or is truncated", {.file = name});
  }
  if (!model.has_graph() || (model.graph().node().empty() && model.graph().output().empty())) {
    throw Error("is not an ONNX model: it holds no graph", {.file = name});
  }
  if (opset_version(model) == 0) {
    throw Error("is not an ONNX model: it imports no operator set", {.file = name});
  }
  return model;
}

std::string serialize(const onnx::ModelProto& model) {
  if (model.ByteSizeLong() > kMessageLimit) throw Error("a model beyond 2 GiB is not supported");
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    model.SerializeToCodedStream(&coded);
  }
  return bytes;
}

uint64_t fingerprint(std::string_view bytes) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  }
  return hash;
}

const onnx::NodeProto* find_quantized_node(const onnx::ModelProto& model) {
  for (const auto& node : model.graph().node()) {
    const std::string& type = node.op_type();
    if (type == "QuantizeLinear" || type == "DequantizeLinear" || type == "DynamicQuantizeLinear" ||
        type == "ConvInteger" || type == "MatMulInteger" || type == "MatMulNBits" ||
        type.starts_with("QLinear") || type == "QGemm") {
      return &node;
    }
  }
  return nullptr;
}

int64_t opset_version(const onnx::ModelProto& model) {
  for (const auto& opset : model.opset_import()) {
    if (opset.domain().empty() || opset.domain() == "ai.onnx") return opset.version();
  }
  return 0;
}

}  // namespace rangefinder::graph
