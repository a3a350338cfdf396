#include "engine/packed_model.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "engine/temporary_folder.h"
#include "graph/external_data.h"
#include "graph/model_file.h"

namespace rangefinder::engine {
namespace {

namespace fs = std::filesystem;

constexpr char kWeights[] = "weights.data";
/// Shapes and axes stay in the message: ONNX Runtime looks at them before anything runs.
constexpr size_t kSmallWeight = 1024;

void add_entry(onnx::TensorProto& tensor, const char* key, const std::string& value) {
  auto* entry = tensor.add_external_data();
  entry->set_key(key);
  entry->set_value(value);
}

/// Moves the larger initializers of the main graph into a file, one behind the other.
void move_weights_to(const fs::path& file, onnx::GraphProto& graph) {
  std::ofstream stream(file, std::ios::binary);
  uint64_t offset = 0;
  for (auto& tensor : *graph.mutable_initializer()) {
    const std::string& bytes = tensor.raw_data();
    if (bytes.size() <= kSmallWeight) continue;
    const uint64_t size = bytes.size();
    stream.write(bytes.data(), static_cast<std::streamsize>(size));
    tensor.clear_raw_data();
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    add_entry(tensor, "location", kWeights);
    add_entry(tensor, "offset", std::to_string(offset));
    add_entry(tensor, "length", std::to_string(size));
    offset += size;
  }
  stream.close();
  if (!stream) {
    throw Error(fmt::format("cannot write the weights, {} bytes, for the time of this run: {}",
                            offset, std::strerror(errno)),
                {.file = file.string()});
  }
}

fs::path weights_file(const ModelSource& source) { return source.data_folder / kWeights; }

graph::LoadedModel load(const ModelSource& source) {
  if (source.bytes.empty()) {
    return graph::load_model(read_file(source.file), source.file, source.name());
  }
  // External data lie in the folder of such a file.
  return graph::load_model(source.bytes, source.folder() / "model.onnx", source.name());
}

bool has_weights_beside(const ModelSource& source) {
  return !source.data_folder.empty() && fs::exists(weights_file(source));
}

}  // namespace

ModelSource pack_model(const onnx::ModelProto& model, const fs::path& path,
                       uint64_t largest_message) {
  if (model.ByteSizeLong() <= largest_message) return {graph::serialize(model), path};
  const auto folder = std::make_shared<TemporaryFolder>();
  onnx::ModelProto packed = model;
  move_weights_to(folder->path() / kWeights, *packed.mutable_graph());
  return {graph::serialize(packed), path, folder->path(), folder};
}

onnx::ModelProto unpack_model(const ModelSource& source) {
  onnx::ModelProto model = graph::parse_model(source.bytes, source.name());
  // The name of a file in that folder stands for the model, which lies in no file.
  graph::embed_external_data(model, source.folder() / "model.onnx");
  return model;
}

onnx::ModelProto load_model(const ModelSource& source) { return load(source).model; }

ModelSource runnable(const ModelSource& source) {
  const graph::LoadedModel loaded = load(source);
  return loaded.is_rewritten ? pack_model(loaded.model, source.file) : source;
}

uint64_t packed_size(const ModelSource& source) {
  return source.bytes.size() +
         (has_weights_beside(source) ? fs::file_size(weights_file(source)) : 0);
}

uint64_t packed_fingerprint(const ModelSource& source) {
  uint64_t hash = graph::fingerprint(source.bytes);
  if (!has_weights_beside(source)) return hash;
  std::ifstream stream(weights_file(source), std::ios::binary);
  std::array<char, 1 << 16> block;
  while (stream.read(block.data(), block.size()) || stream.gcount() > 0) {
    const auto size = static_cast<size_t>(stream.gcount());
    hash = graph::fingerprint(std::string_view(block.data(), size), hash);
  }
  return hash;
}

}  // namespace rangefinder::engine
