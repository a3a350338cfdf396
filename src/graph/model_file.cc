#include "graph/model_file.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "graph/external_data.h"
#include "graph/functions.h"
#include "graph/normalize.h"
#include "graph/skeleton.h"

namespace rangefinder::graph {
namespace {

constexpr size_t kMessageLimit = std::numeric_limits<int32_t>::max();

/// Messages inside one another that protobuf reads by default; a body of If is three of them.
constexpr int kDeepestMessage = 100;
/// Deeper than what is refused, so that it can be told from damage; no danger to any stack.
constexpr int kDeepestTold = 1000;

bool parse_to(std::string_view bytes, int deepest, onnx::ModelProto& model) {
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream coded(&stream);
  coded.SetRecursionLimit(deepest);
  return model.ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage();
}

LoadedModel finish_loading(onnx::ModelProto model, const std::filesystem::path& path,
                           const std::string& name) {
  LoadedModel loaded{std::move(model)};
  try {
    check_functions(loaded.model);
    find_external_data(loaded.model, path);
    loaded.is_rewritten = normalize(loaded.model, kMessageLimit);
  } catch (const Error& error) {
    throw error.within({.file = name});
  }
  return loaded;
}

constexpr uint64_t kFirstFingerprint = 0xCBF29CE484222325u;

uint64_t go_on(uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  }
  return hash;
}

}  // namespace

LoadedModel load_model(const std::filesystem::path& path) {
  return finish_loading(parse_skeleton(path, path.string()), path, path.string());
}

LoadedModel load_model(std::string_view bytes, const std::filesystem::path& path,
                       const std::string& name) {
  return finish_loading(parse_model(bytes, name), path, name);
}

onnx::ModelProto parse_model(std::string_view bytes, const std::string& name) {
  if (bytes.size() > kMessageLimit) {
    throw Error("a model file beyond 2 GiB is not supported", {.file = name});
  }
  onnx::ModelProto model;
  if (!parse_to(bytes, kDeepestMessage, model)) {
    if (parse_to(bytes, kDeepestTold, model)) {
      throw Error(fmt::format("nests graphs or types too deep: {} messages inside one another are "
                              "allowed, a body of If, Loop or Scan is three",
                              kDeepestMessage),
                  {.file = name});
    }
    throw Error("is not an ONNX model, is truncated, or nests graphs or types too deep",
                {.file = name});
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
  const WholeMessage message(model);
  if (message.size() > kMessageLimit) throw Error("a model beyond 2 GiB is not supported");
  std::string bytes;
  bytes.reserve(static_cast<size_t>(message.size()));
  message.write([&](std::string_view part) { bytes += part; });
  return bytes;
}

std::string serialize_skeleton(const onnx::ModelProto& model) {
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

uint64_t fingerprint(std::string_view bytes) { return go_on(kFirstFingerprint, bytes); }

uint64_t fingerprint(const onnx::ModelProto& model) {
  uint64_t hash = kFirstFingerprint;
  WholeMessage(model).write([&](std::string_view part) { hash = go_on(hash, part); });
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
