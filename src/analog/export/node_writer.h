#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace rangefinder::analog {

/// Appends nodes of standard operators to a graph, naming them and their tensors.
class NodeWriter {
 public:
  /// Everything written gets a name that starts with `prefix`, which must be no other name's start.
  NodeWriter(onnx::GraphProto& graph, std::string prefix)
      : graph_(graph), prefix_(std::move(prefix)) {}

  /// A node with one output, whose name is returned. The node is the last of the graph.
  std::string add(const std::string& op_type, const std::vector<std::string>& inputs);
  /// A node with several outputs.
  std::vector<std::string> add(const std::string& op_type, const std::vector<std::string>& inputs,
                               int output_count);
  /// The node written last, to set attributes.
  onnx::NodeProto& last() { return *graph_.mutable_node(graph_.node_size() - 1); }
  /// Gives the (first) output of the node written last this name.
  void name_last_output(const std::string& name) { last().set_output(0, name); }

  /// Constants, as initializers of the graph; their names are returned.
  std::string scalar(float value);
  std::string floats(tensor::Shape shape, std::span<const float> values);
  std::string integers(const std::vector<int64_t>& values);

  onnx::GraphProto& graph() { return graph_; }
  const std::string& prefix() const { return prefix_; }

 private:
  std::string fresh(const std::string& what);

  onnx::GraphProto& graph_;
  std::string prefix_;
  int count_ = 0;
};

}  // namespace rangefinder::analog
