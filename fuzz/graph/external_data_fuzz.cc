// Any bytes as the entries of an external tensor, and as a model with external data: what is read
// is as long as the shape says and comes from inside of the model's folder, or there is an Error.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "graph/external_data.h"
#include "graph/model_file.h"
#include "graph/normalize.h"
#include "graph/walk.h"
#include "graph/weights.h"

namespace {

using namespace rangefinder;
namespace fs = std::filesystem;

constexpr char kSecret[] = "SECRET-SECRET-SECRET-SECRET-SECRET-SECRET";

/// A model's folder with weights in it, and links that lead out of it.
const fs::path& model_file() {
  static const fs::path file = [] {
    std::string name = (fs::temp_directory_path() / "external_data_fuzz.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    const fs::path root = name;
    fs::create_directories(root / "model" / "sub");
    write_file(root / "secret", kSecret);
    write_file(root / "model" / "w", std::string(4096, 'w'));
    write_file(root / "model" / "sub" / "v", std::string(64, 'v'));
    fs::create_symlink("../secret", root / "model" / "s");
    fs::create_symlink("..", root / "model" / "up");
    fs::create_symlink("w", root / "model" / "l");
    return root / "model" / "model.onnx";
  }();
  return file;
}

void check(const onnx::TensorProto& tensor) {
  if (graph::lies_in_file(tensor)) {
    const graph::FileSlice slice = graph::slice_of(tensor);
    const fs::path folder = fs::canonical(model_file().parent_path());
    if (slice.file != folder / "w" && slice.file != folder / "sub" / "v") std::abort();
    if (slice.offset + slice.size > fs::file_size(slice.file)) std::abort();
  }
  if (tensor.raw_data().find("SECRET") != std::string::npos) std::abort();
}

/// Lines: location, offset, length; then a byte each for the type and the dimensions.
onnx::ModelProto model_of_lines(std::string_view text) {
  onnx::ModelProto model;
  auto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name("t");
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  for (const char* key : {"location", "offset", "length"}) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    auto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(std::string(line));
  }
  if (!text.empty()) {
    tensor.set_data_type(static_cast<uint8_t>(text[0]) % 30);
    text.remove_prefix(1);
  }
  for (const char dimension : text) tensor.add_dims(dimension);
  return model;
}

void try_model(onnx::ModelProto model) {
  graph::find_external_data(model, model_file(), 1 << 16);
  graph::normalize(model, 1 << 16);
  graph::for_each_graph(model, [](const onnx::GraphProto& graph) {
    for (const auto& tensor : graph.initializer()) check(tensor);
    if (graph.sparse_initializer_size() > 0) std::abort();
  });
  graph::for_each_node(model, [](const onnx::NodeProto& node) {
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_t()) check(attribute.t());
    }
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    try_model(model_of_lines(bytes));
  } catch (const Error&) {
    // Named and refused.
  }
  try {
    try_model(graph::parse_model(bytes, "fuzzed"));
  } catch (const Error&) {
    // Likewise.
  }
  return 0;
}
