// Any bytes as a model: read, indexed, upgraded and sorted without ONNX Runtime. Damaged models
// end in an Error, never in a crash, a hang or memory that the file does not justify.

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/error.h"
#include "graph/constants.h"
#include "graph/graph.h"
#include "graph/model_file.h"
#include "graph/opset_upgrade.h"
#include "graph/skeleton.h"
#include "graph/weights.h"

namespace {

using namespace rangefinder;

void read_constants(const onnx::ModelProto& model) {
  for (const auto& constant : model.graph().initializer()) {
    try {
      graph::read_constant(constant);
    } catch (const Error&) {
      // Named and refused.
    }
  }
}

/// Taken apart as a file and put together again, a model is what it was.
void check_skeleton(std::string_view bytes, const onnx::ModelProto& model) {
  static const std::string file = [] {
    std::string name = (std::filesystem::temp_directory_path() / "model_fuzz.XXXXXX").string();
    const int opened = ::mkstemp(name.data());
    if (opened < 0 || ::close(opened) != 0) std::abort();
    return name;
  }();
  if (graph::refers_to_files(model)) return;
  std::ofstream(file, std::ios::binary) << bytes;
  const onnx::ModelProto skeleton = graph::parse_skeleton(file, "fuzzed", 0);
  const onnx::ModelProto again = graph::parse_model(graph::serialize(skeleton), "again");
  if (graph::serialize_skeleton(again) != graph::serialize_skeleton(model)) std::abort();
}

/// The edits that passes make, on whatever there is.
void edit(onnx::ModelProto& model) {
  graph::Graph graph(model);
  const int count = model.graph().node_size();
  for (int i = 0; i < count; ++i) {
    onnx::NodeProto& node = *model.mutable_graph()->mutable_node(i);
    if (node.input_size() > 0 && node.output_size() > 0 && !node.output(0).empty()) {
      const std::string raw = graph.fresh_name(node.output(0));
      const std::string output = node.output(0);
      graph.rename_output(node, 0, raw);
      graph.add_node("Identity", graph.fresh_name("identity"), {raw}, {output});
      graph.redirect_uses(node.input(0), output);
      graph.set_input(node, 0, "input");
    }
    if (i % 3 == 2) graph.remove_node(node);
  }
  graph.remove_unread();
  graph.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const std::string_view given(reinterpret_cast<const char*>(data), size);
    auto model = graph::parse_model(given, "fuzzed");
    read_constants(model);
    check_skeleton(given, model);
    const std::string bytes = graph::serialize_skeleton(model);
    // What was written is read again, and writes the same.
    if (graph::serialize_skeleton(graph::parse_model(bytes, "again")) != bytes) std::abort();
    const auto rank = [](const std::string& name) -> std::optional<int64_t> {
      return name.size() % 2 == 0 ? std::nullopt : std::optional<int64_t>(4);
    };
    if (graph::upgrade_opset(model, rank) && graph::serialize_skeleton(model) != bytes)
      std::abort();
    graph::name_nodes(model);
    edit(model);
  } catch (const Error&) {
    // Refused with its reason.
  }
  return 0;
}
