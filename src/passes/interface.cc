#include "passes/interface.h"

#include <string>
#include <unordered_map>

namespace rangefinder::passes {
namespace {

using Values = google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>;

/// The values as `declared`, with the types of `inferred` where `declared` has none.
Values declared_values(const Values& declared, const Values& inferred) {
  std::unordered_map<std::string, const onnx::TypeProto*> types;
  for (const auto& value : inferred) types[value.name()] = &value.type();
  Values values = declared;
  for (auto& value : values) {
    const auto type = types.find(value.name());
    if (value.type().value_case() == onnx::TypeProto::VALUE_NOT_SET && type != types.end()) {
      *value.mutable_type() = *type->second;
    }
  }
  return values;
}

void copy_texts(const onnx::ModelProto& from, onnx::ModelProto& to) {
  if (from.has_domain()) to.set_domain(from.domain());
  if (from.has_model_version()) to.set_model_version(from.model_version());
  if (from.has_doc_string()) to.set_doc_string(from.doc_string());
  const onnx::GraphProto& graph = from.graph();
  if (graph.has_name()) to.mutable_graph()->set_name(graph.name());
  if (graph.has_doc_string()) to.mutable_graph()->set_doc_string(graph.doc_string());
}

}  // namespace

onnx::ModelProto interface_of(const onnx::ModelProto& model) {
  onnx::ModelProto interface;
  *interface.mutable_metadata_props() = model.metadata_props();
  copy_texts(model, interface);
  onnx::GraphProto& graph = *interface.mutable_graph();
  *graph.mutable_input() = model.graph().input();
  *graph.mutable_output() = model.graph().output();
  return interface;
}

void restore_interface(const onnx::ModelProto& interface, onnx::ModelProto& model) {
  onnx::GraphProto& graph = *model.mutable_graph();
  *graph.mutable_input() = declared_values(interface.graph().input(), graph.input());
  *graph.mutable_output() = declared_values(interface.graph().output(), graph.output());
  *model.mutable_metadata_props() = interface.metadata_props();
  copy_texts(interface, model);
}

}  // namespace rangefinder::passes
