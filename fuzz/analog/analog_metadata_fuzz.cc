// Any bytes as what an analog model says of itself in its metadata - the configuration, a zero
// byte, the ranges - read against the float model it was made from: a converted model whose
// metadata read back as the same, or a reason.

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "analog/export/ranges_file.h"
#include "analog/hardware/rpu_config_file.h"
#include "analog/layers/convert.h"
#include "base/error.h"
#include "graph/constants.h"

namespace {

using namespace rangefinder;

void add_weight(onnx::GraphProto& graph, const char* name, tensor::Shape shape, size_t count) {
  *graph.add_initializer() =
      graph::make_floats(name, std::move(shape), std::vector<float>(count, 0.5f));
}

void add_node(onnx::GraphProto& graph, const char* type, const char* input, const char* weight,
              const char* output) {
  auto& node = *graph.add_node();
  node.set_op_type(type);
  node.set_name(output);
  node.add_input(input);
  node.add_input(weight);
  node.add_output(output);
}

/// Gemm and MatMul, one behind the other.
onnx::ModelProto small_model() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  auto& graph = *model.mutable_graph();
  graph.set_name("g");
  graph.add_input()->set_name("x");
  add_weight(graph, "w1", {6, 5}, 30);
  add_weight(graph, "w2", {5, 4}, 20);
  add_node(graph, "Gemm", "x", "w1", "a");
  add_node(graph, "MatMul", "a", "w2", "y");
  graph.add_output()->set_name("y");
  return model;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view config = text.substr(0, text.find('\0'));
  const std::string_view ranges = text.substr(std::min(text.size(), config.size() + 1));
  try {
    auto model = analog::convert_to_analog(small_model(), analog::parse_network_config(config));
    analog::set_ranges(analog::parse_ranges(ranges), model);
    const auto again = analog::parse_ranges(analog::ranges_json(model));
    for (const auto& layer : model.layers) {
      if (again.at(layer.name).input_range != layer.input_range) std::abort();
    }
  } catch (const std::invalid_argument&) {
    // Says which field.
  } catch (const Error&) {
    // Says which layer.
  }
  return 0;
}
