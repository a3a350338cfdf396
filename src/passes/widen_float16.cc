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

constexpr int32_t kFloat = onnx::TensorProto::FLOAT;

/// Of 16 bits: what is widened.
bool is_narrow(int64_t type) {
  return type == onnx::TensorProto::FLOAT16 || type == onnx::TensorProto::BFLOAT16;
}

using Names = std::unordered_set<std::string>;

std::string function_key(const std::string& domain, const std::string& name) {
  return domain + ":" + name;
}

/// Rewrites types and values wherever they stand; names stay.
class Widener {
 public:
  bool changed() const { return changed_; }

  void widen(onnx::ModelProto& model) {
    find_forwarded(model);
    widen(*model.mutable_graph());
    for (auto& function : *model.mutable_functions()) {
      for (auto& node : *function.mutable_node()) widen(node);
    }
  }

 private:
  /// A function may hand an attribute of its own, of any name, to a Cast within it. A function that
  /// calls another one needs a second look, and so on.
  void find_forwarded(const onnx::ModelProto& model) {
    size_t before = 0;
    do {
      before = forwarded_.size();
      for (const auto& function : model.functions()) {
        const std::string key = function_key(function.domain(), function.name());
        for (const auto& node : function.node()) find_forwarded(node, key);
      }
    } while (forwarded_.size() != before);
  }

  void find_forwarded(const onnx::NodeProto& node, const std::string& function) {
    for (const auto& attribute : node.attribute()) {
      if (!attribute.ref_attr_name().empty() && names_a_type(node, attribute.name())) {
        forwarded_.insert(function + ":" + attribute.ref_attr_name());
      }
    }
    graph::for_each_subgraph(node, [&](const onnx::GraphProto& body) {
      for (const auto& inner : body.node()) find_forwarded(inner, function);
    });
  }

  /// Cast has `to`, EyeLike, RandomNormal and others have `dtype`, LayerNormalization `stash_type`.
  bool names_a_type(const onnx::NodeProto& node, const std::string& attribute) const {
    return attribute == "to" || attribute == "dtype" || attribute == "stash_type" ||
           forwarded_.contains(function_key(node.domain(), node.op_type()) + ":" + attribute);
  }

  void widen(onnx::GraphProto& graph) {
    for (auto& constant : *graph.mutable_initializer()) widen(constant);
    for (auto& constant : *graph.mutable_sparse_initializer()) widen(*constant.mutable_values());
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
      if (attribute.has_sparse_tensor())
        widen(*attribute.mutable_sparse_tensor()->mutable_values());
      if (attribute.has_tp()) widen(*attribute.mutable_tp());
      if (is_narrow(attribute.i()) && names_a_type(node, attribute.name())) {
        attribute.set_i(kFloat);
        changed_ = true;
      }
    }
    graph::for_each_subgraph(node, [this](onnx::GraphProto& body) { widen(body); });
  }

  void widen(onnx::TensorProto& constant) {
    if (!is_narrow(constant.data_type())) return;
    constant = graph::make_constant(constant.name(), graph::read_constant(constant).to_float32());
    changed_ = true;
  }

  void widen(onnx::TypeProto& type) {
    if (type.has_tensor_type() && is_narrow(type.tensor_type().elem_type())) {
      type.mutable_tensor_type()->set_elem_type(kFloat);
      changed_ = true;
    }
    if (type.has_sequence_type()) widen(*type.mutable_sequence_type()->mutable_elem_type());
    if (type.has_optional_type()) widen(*type.mutable_optional_type()->mutable_elem_type());
  }

  bool changed_ = false;
  /// "domain:function:attribute" of attributes that name a type within the function.
  Names forwarded_;
};

bool is_narrow_tensor(const onnx::TypeProto& type) {
  return type.has_tensor_type() && is_narrow(type.tensor_type().elem_type());
}

bool contains_narrow(const onnx::TypeProto& type) {
  if (type.has_sequence_type()) return contains_narrow(type.sequence_type().elem_type());
  if (type.has_optional_type()) return contains_narrow(type.optional_type().elem_type());
  return is_narrow_tensor(type);
}

/// Element types by name.
using Types = std::unordered_map<std::string, int32_t>;

/// The main graph's inputs or outputs that are narrow.
Types narrow_tensors(const google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>& infos) {
  Types types;
  for (const auto& info : infos) {
    if (is_narrow_tensor(info.type())) {
      types[info.name()] = info.type().tensor_type().elem_type();
    } else if (contains_narrow(info.type())) {
      throw Error("is a sequence or optional of float16 or bfloat16, which is not supported",
                  {.tensor = info.name()});
    }
  }
  return types;
}

void collect_names(const onnx::GraphProto& graph, Names& names) {
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

/// A name that is not taken, and takes it.
std::string fresh_name(Names& names, const std::string& wanted) {
  std::string name = wanted;
  for (int i = 1; !names.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
  return name;
}

onnx::NodeProto make_cast(Names& names, const std::string& from, const std::string& to,
                          int32_t type) {
  onnx::NodeProto cast;
  cast.set_op_type("Cast");
  cast.set_name(fresh_name(names, to + "_Cast"));
  cast.add_input(from);
  cast.add_output(to);
  graph::set_attribute(cast, "to", static_cast<int64_t>(type));
  return cast;
}

/// Gives inputs and outputs their types back, behind Casts.
void restore_interface(onnx::GraphProto& graph, const Types& inputs, const Types& outputs) {
  Names names;
  collect_names(graph, names);
  Renaming renaming;
  for (const auto* group : {&inputs, &outputs}) {
    for (const auto& [name, type] : *group) {
      if (!renaming.contains(name)) renaming.emplace(name, fresh_name(names, name + "_float32"));
    }
  }
  rename_in_nodes(graph, renaming, false);
  for (auto& constant : *graph.mutable_initializer()) rename(*constant.mutable_name(), renaming);
  google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;
  for (auto& input : *graph.mutable_input()) {
    const auto type = inputs.find(input.name());
    if (type == inputs.end()) continue;
    input.mutable_type()->mutable_tensor_type()->set_elem_type(type->second);
    *nodes.Add() = make_cast(names, input.name(), renaming.at(input.name()), kFloat);
  }
  for (auto& node : *graph.mutable_node()) nodes.Add()->Swap(&node);
  for (auto& output : *graph.mutable_output()) {
    const auto type = outputs.find(output.name());
    if (type == outputs.end()) continue;
    output.mutable_type()->mutable_tensor_type()->set_elem_type(type->second);
    // An input that is an output passes through unchanged.
    if (inputs.contains(output.name())) continue;
    *nodes.Add() = make_cast(names, renaming.at(output.name()), output.name(), type->second);
  }
  graph.mutable_node()->Swap(&nodes);
}

}  // namespace

bool widen_float16(onnx::ModelProto& model) {
  onnx::GraphProto& graph = *model.mutable_graph();
  const Types inputs = narrow_tensors(graph.input());
  const Types outputs = narrow_tensors(graph.output());
  Widener widener;
  widener.widen(model);
  if (!inputs.empty() || !outputs.empty()) restore_interface(graph, inputs, outputs);
  return widener.changed();
}

}  // namespace rangefinder::passes
