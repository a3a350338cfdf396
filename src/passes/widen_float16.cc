#include "passes/widen_float16.h"

#include <fmt/format.h>

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/constants.h"

namespace rangefinder::passes {
namespace {

constexpr int32_t kHalf = onnx::TensorProto::FLOAT16;
constexpr int32_t kFloat = onnx::TensorProto::FLOAT;

/// Rewrites types and values wherever they stand; names stay.
class Widener {
 public:
  bool changed() const { return changed_; }

  void widen(onnx::GraphProto& graph) {
    for (auto& constant : *graph.mutable_initializer()) widen(constant);
    for (auto* infos :
         {graph.mutable_input(), graph.mutable_output(), graph.mutable_value_info()}) {
      for (auto& info : *infos) widen(*info.mutable_type());
    }
    for (auto& node : *graph.mutable_node()) widen(node);
  }

  void widen(onnx::NodeProto& node) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) widen(*attribute.mutable_t());
      for (auto& tensor : *attribute.mutable_tensors()) widen(tensor);
      // Cast has `to`; EyeLike, RandomNormal and others have `dtype`.
      if ((attribute.name() == "to" || attribute.name() == "dtype") && attribute.i() == kHalf) {
        attribute.set_i(kFloat);
        changed_ = true;
      }
    }
    graph::for_each_subgraph(node, [this](onnx::GraphProto& body) { widen(body); });
  }

 private:
  void widen(onnx::TensorProto& constant) {
    if (constant.data_type() != kHalf) return;
    constant = graph::make_constant(constant.name(), graph::read_constant(constant).to_float32());
    changed_ = true;
  }

  void widen(onnx::TypeProto& type) {
    if (type.has_tensor_type() && type.tensor_type().elem_type() == kHalf) {
      type.mutable_tensor_type()->set_elem_type(kFloat);
      changed_ = true;
    }
    if (type.has_sequence_type()) widen(*type.mutable_sequence_type()->mutable_elem_type());
    if (type.has_optional_type()) widen(*type.mutable_optional_type()->mutable_elem_type());
  }

  bool changed_ = false;
};

bool is_half_tensor(const onnx::TypeProto& type) {
  return type.has_tensor_type() && type.tensor_type().elem_type() == kHalf;
}

bool contains_half(const onnx::TypeProto& type) {
  if (type.has_sequence_type()) return contains_half(type.sequence_type().elem_type());
  if (type.has_optional_type()) return contains_half(type.optional_type().elem_type());
  return is_half_tensor(type);
}

/// Names of the main graph's inputs or outputs that are float16.
std::unordered_set<std::string> half_tensors(
    const google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>& infos) {
  std::unordered_set<std::string> names;
  for (const auto& info : infos) {
    if (is_half_tensor(info.type())) {
      names.insert(info.name());
    } else if (contains_half(info.type())) {
      throw Error("is a sequence or optional of float16, which is not supported",
                  {.tensor = info.name()});
    }
  }
  return names;
}

void collect_names(const onnx::GraphProto& graph, std::unordered_set<std::string>& names) {
  for (const auto& input : graph.input()) names.insert(input.name());
  for (const auto& constant : graph.initializer()) names.insert(constant.name());
  for (const auto& node : graph.node()) {
    names.insert(node.name());
    names.insert(node.output().begin(), node.output().end());
    graph::for_each_subgraph(node,
                             [&](const onnx::GraphProto& body) { collect_names(body, names); });
  }
}

using Renaming = std::unordered_map<std::string, std::string>;

void rename(std::string& name, const Renaming& renaming) {
  const auto found = renaming.find(name);
  if (found != renaming.end()) name = found->second;
}

/// Renames what nodes read and make. A body's own names hide those of the main graph.
void rename_in_nodes(onnx::GraphProto& graph, Renaming renaming, bool is_body) {
  if (is_body) {
    for (const auto& input : graph.input()) renaming.erase(input.name());
    for (const auto& constant : graph.initializer()) renaming.erase(constant.name());
    for (const auto& node : graph.node()) {
      for (const auto& output : node.output()) renaming.erase(output);
    }
    for (auto& output : *graph.mutable_output()) rename(*output.mutable_name(), renaming);
  }
  for (auto& node : *graph.mutable_node()) {
    for (auto& input : *node.mutable_input()) rename(input, renaming);
    for (auto& output : *node.mutable_output()) rename(output, renaming);
    graph::for_each_subgraph(
        node, [&](onnx::GraphProto& body) { rename_in_nodes(body, renaming, true); });
  }
}

onnx::NodeProto make_cast(const std::string& from, const std::string& to, int32_t type) {
  onnx::NodeProto cast;
  cast.set_op_type("Cast");
  cast.set_name(to + "_Cast");
  cast.add_input(from);
  cast.add_output(to);
  graph::set_attribute(cast, "to", static_cast<int64_t>(type));
  return cast;
}

/// Gives inputs and outputs their float16 back, behind Casts.
void restore_interface(onnx::GraphProto& graph, const std::unordered_set<std::string>& inputs,
                       const std::unordered_set<std::string>& outputs) {
  std::unordered_set<std::string> names;
  collect_names(graph, names);
  Renaming renaming;
  for (const auto* group : {&inputs, &outputs}) {
    for (const auto& name : *group) {
      std::string wide = name + "_float32";
      for (int i = 1; names.contains(wide); ++i) wide = fmt::format("{}_float32_{}", name, i);
      names.insert(wide);
      renaming.emplace(name, wide);
    }
  }
  rename_in_nodes(graph, renaming, false);
  for (auto& constant : *graph.mutable_initializer()) rename(*constant.mutable_name(), renaming);
  google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;
  for (auto& input : *graph.mutable_input()) {
    if (!inputs.contains(input.name())) continue;
    input.mutable_type()->mutable_tensor_type()->set_elem_type(kHalf);
    *nodes.Add() = make_cast(input.name(), renaming.at(input.name()), kFloat);
  }
  for (auto& node : *graph.mutable_node()) nodes.Add()->Swap(&node);
  for (auto& output : *graph.mutable_output()) {
    if (!outputs.contains(output.name())) continue;
    output.mutable_type()->mutable_tensor_type()->set_elem_type(kHalf);
    // An input that is an output passes through unchanged.
    if (inputs.contains(output.name())) continue;
    *nodes.Add() = make_cast(renaming.at(output.name()), output.name(), kHalf);
  }
  graph.mutable_node()->Swap(&nodes);
}

}  // namespace

bool widen_float16(onnx::ModelProto& model) {
  onnx::GraphProto& graph = *model.mutable_graph();
  const auto inputs = half_tensors(graph.input());
  const auto outputs = half_tensors(graph.output());
  Widener widener;
  widener.widen(graph);
  for (auto& function : *model.mutable_functions()) {
    for (auto& node : *function.mutable_node()) widener.widen(node);
  }
  if (!inputs.empty() || !outputs.empty()) restore_interface(graph, inputs, outputs);
  return widener.changed();
}

}  // namespace rangefinder::passes
