#include "graph/walk.h"

#include "graph/attributes.h"

namespace rangefinder::graph {
namespace {

using GraphVisitor = std::function<void(onnx::GraphProto&)>;

void visit_bodies(onnx::NodeProto& node, const GraphVisitor& visit) {
  for_each_subgraph(node, [&](onnx::GraphProto& body) {
    visit(body);
    for (auto& inner : *body.mutable_node()) visit_bodies(inner, visit);
  });
}

}  // namespace

void for_each_graph(onnx::ModelProto& model, const GraphVisitor& visit) {
  visit(*model.mutable_graph());
  for (auto& node : *model.mutable_graph()->mutable_node()) visit_bodies(node, visit);
  for (auto& function : *model.mutable_functions()) {
    for (auto& node : *function.mutable_node()) visit_bodies(node, visit);
  }
}

void for_each_node(onnx::ModelProto& model, const std::function<void(onnx::NodeProto&)>& visit) {
  for_each_graph(model, [&](onnx::GraphProto& graph) {
    for (auto& node : *graph.mutable_node()) visit(node);
  });
  for (auto& function : *model.mutable_functions()) {
    for (auto& node : *function.mutable_node()) visit(node);
  }
}

void for_each_node(const onnx::GraphProto& graph,
                   const std::function<void(const onnx::NodeProto&)>& visit) {
  for (const auto& node : graph.node()) {
    visit(node);
    for_each_subgraph(node, [&](const onnx::GraphProto& body) { for_each_node(body, visit); });
  }
}

}  // namespace rangefinder::graph
