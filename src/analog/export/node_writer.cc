#include "analog/export/node_writer.h"

#include <fmt/format.h>

#include "graph/constants.h"

namespace rangefinder::analog {

std::string NodeWriter::fresh(const std::string& what) {
  return fmt::format("{}{}_{}", prefix_, what, count_++);
}

std::string NodeWriter::add(const std::string& op_type, const std::vector<std::string>& inputs) {
  return add(op_type, inputs, 1).front();
}

std::vector<std::string> NodeWriter::add(const std::string& op_type,
                                         const std::vector<std::string>& inputs, int output_count) {
  onnx::NodeProto& node = *graph_.add_node();
  node.set_op_type(op_type);
  node.set_name(fresh(op_type));
  for (const std::string& input : inputs) node.add_input(input);
  std::vector<std::string> outputs;
  for (int i = 0; i < output_count; ++i) {
    outputs.push_back(output_count == 1 ? node.name() : fmt::format("{}.{}", node.name(), i));
    node.add_output(outputs.back());
  }
  return outputs;
}

std::string NodeWriter::scalar(float value) { return floats({}, std::span(&value, 1)); }

std::string NodeWriter::floats(tensor::Shape shape, std::span<const float> values) {
  std::string name = fresh("constant");
  *graph_.add_initializer() = graph::make_floats(name, std::move(shape), values);
  return name;
}

std::string NodeWriter::integers(const std::vector<int64_t>& values) {
  std::string name = fresh("constant");
  *graph_.add_initializer() = graph::make_int64s(name, values);
  return name;
}

}  // namespace rangefinder::analog
