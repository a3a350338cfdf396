#include "graph/attributes.h"

#include <algorithm>

namespace rangefinder::graph {
namespace {

onnx::AttributeProto& fresh_attribute(onnx::NodeProto& node, std::string_view name,
                                      onnx::AttributeProto::AttributeType type) {
  remove_attribute(node, name);
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(std::string(name));
  attribute.set_type(type);
  return attribute;
}

}  // namespace

bool has_weight_operator(std::string_view op_type) {
  return op_type == "Conv" || op_type == "ConvTranspose" || op_type == "Gemm" ||
         op_type == "MatMul";
}

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, std::string_view name) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

int64_t int_attribute(const onnx::NodeProto& node, std::string_view name, int64_t otherwise) {
  const auto* attribute = find_attribute(node, name);
  return attribute ? attribute->i() : otherwise;
}

float float_attribute(const onnx::NodeProto& node, std::string_view name, float otherwise) {
  const auto* attribute = find_attribute(node, name);
  return attribute ? attribute->f() : otherwise;
}

std::string string_attribute(const onnx::NodeProto& node, std::string_view name,
                             std::string_view otherwise) {
  const auto* attribute = find_attribute(node, name);
  return attribute ? attribute->s() : std::string(otherwise);
}

std::vector<int64_t> ints_attribute(const onnx::NodeProto& node, std::string_view name) {
  const auto* attribute = find_attribute(node, name);
  if (!attribute) return {};
  return {attribute->ints().begin(), attribute->ints().end()};
}

bool ints_are(const onnx::NodeProto& node, std::string_view name, int64_t value) {
  const auto values = ints_attribute(node, name);
  return std::all_of(values.begin(), values.end(), [&](int64_t each) { return each == value; });
}

void set_attribute(onnx::NodeProto& node, std::string_view name, int64_t value) {
  fresh_attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}

void set_attribute(onnx::NodeProto& node, std::string_view name, float value) {
  fresh_attribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void set_attribute(onnx::NodeProto& node, std::string_view name, std::string_view value) {
  fresh_attribute(node, name, onnx::AttributeProto::STRING).set_s(std::string(value));
}

void set_attribute(onnx::NodeProto& node, std::string_view name,
                   const std::vector<int64_t>& value) {
  auto& attribute = fresh_attribute(node, name, onnx::AttributeProto::INTS);
  for (const int64_t v : value) attribute.add_ints(v);
}

void remove_attribute(onnx::NodeProto& node, std::string_view name) {
  auto& attributes = *node.mutable_attribute();
  for (int i = attributes.size(); i-- > 0;) {
    if (attributes[i].name() == name) attributes.DeleteSubrange(i, 1);
  }
}

void for_each_subgraph(onnx::NodeProto& node, const std::function<void(onnx::GraphProto&)>& visit) {
  for (auto& attribute : *node.mutable_attribute()) {
    if (attribute.has_g()) visit(*attribute.mutable_g());
    for (auto& graph : *attribute.mutable_graphs()) visit(graph);
  }
}

void for_each_subgraph(const onnx::NodeProto& node,
                       const std::function<void(const onnx::GraphProto&)>& visit) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_g()) visit(attribute.g());
    for (const auto& graph : attribute.graphs()) visit(graph);
  }
}

}  // namespace rangefinder::graph
