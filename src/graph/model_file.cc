#include "graph/model_file.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

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

size_t external_number(const onnx::TensorProto& tensor, std::string_view key, size_t otherwise,
                       const std::string& file) {
  const auto text = external_entry(tensor, key);
  if (!text) return otherwise;
  try {
    return std::stoull(*text);
  } catch (const std::exception&) {
    throw Error(fmt::format("external data entry '{}' is '{}', a number is needed", key, *text),
                {.file = file, .tensor = tensor.name()});
  }
}

/// Files already read, so that a file that holds many tensors is read once.
class ExternalFiles {
 public:
  explicit ExternalFiles(std::filesystem::path model) : model_(std::move(model)) {}

  void embed(onnx::TensorProto& tensor) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) return;
    const auto location = external_entry(tensor, "location");
    if (!location) {
      throw Error("external data without a location",
                  {.file = model_.string(), .tensor = tensor.name()});
    }
    const std::string& bytes = content(*location);
    const size_t offset = external_number(tensor, "offset", 0, model_.string());
    const size_t rest = offset <= bytes.size() ? bytes.size() - offset : 0;
    const size_t length = external_number(tensor, "length", rest, model_.string());
    if (offset > bytes.size() || length > rest) {
      throw Error(fmt::format("external file '{}' has {} bytes, {} from {} are needed", *location,
                              bytes.size(), length, offset),
                  {.file = model_.string(), .tensor = tensor.name()});
    }
    total_ += length;
    if (total_ > kMessageLimit) {
      throw Error("weights beyond 2 GiB are not supported", {.file = model_.string()});
    }
    tensor.set_raw_data(bytes.substr(offset, length));
    tensor.clear_external_data();
    tensor.clear_data_location();
  }

 private:
  const std::string& content(const std::string& location) {
    if (location != location_) {
      content_ = read_file(model_.parent_path() / location);
      location_ = location;
    }
    return content_;
  }

  std::filesystem::path model_;
  std::string location_;
  std::string content_;
  size_t total_ = 0;
};

void embed_external_data(onnx::GraphProto& graph, ExternalFiles& files) {
  for (auto& tensor : *graph.mutable_initializer()) files.embed(tensor);
  for (auto& node : *graph.mutable_node()) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) files.embed(*attribute.mutable_t());
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

int64_t opset_version(const onnx::ModelProto& model) {
  for (const auto& opset : model.opset_import()) {
    if (opset.domain().empty() || opset.domain() == "ai.onnx") return opset.version();
  }
  return 0;
}

}  // namespace rangefinder::graph
