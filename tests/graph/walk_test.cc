#include "graph/walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

onnx::GraphProto named_body(const std::string& name) {
  OnnxBuilder body;
  body.graph().set_name(name);
  body.node("Neg", {"x"}, {name + "_y"});
  return body.graph();
}

/// An If whose then_branch holds an If, and a function that holds one, too.
OnnxBuilder nested() {
  OnnxBuilder inner;
  inner.graph().set_name("outer");
  inner.node("If", {"c"}, {"i"}).graph("then_branch", named_body("inner"));
  OnnxBuilder b;
  b.graph().set_name("main");
  b.node("If", {"c"}, {"y"}).graph("then_branch", inner.graph());
  auto& function = *b.model().add_functions();
  *function.add_node() = b.graph().node(0);
  auto& body = *function.mutable_node(0)->mutable_attribute(0)->mutable_g();
  body = named_body("in_function");
  return b;
}

TEST(ForEachGraph, ReachesBodiesAndFunctions) {
  OnnxBuilder b = nested();
  std::vector<std::string> names;
  for_each_graph(b.model(), [&](onnx::GraphProto& graph) { names.push_back(graph.name()); });
  EXPECT_THAT(names, ElementsAre("main", "outer", "inner", "in_function"));
}

TEST(ForEachNode, ReachesEachOnce) {
  OnnxBuilder b = nested();
  std::vector<std::string> outputs;
  for_each_node(b.model(), [&](onnx::NodeProto& node) { outputs.push_back(node.output(0)); });
  EXPECT_THAT(outputs, UnorderedElementsAre("y", "i", "inner_y", "y", "in_function_y"));
  outputs.clear();
  const onnx::GraphProto& graph = b.graph();
  for_each_node(graph, [&](const onnx::NodeProto& node) { outputs.push_back(node.output(0)); });
  EXPECT_THAT(outputs, ElementsAre("y", "i", "inner_y"));
}

}  // namespace
}  // namespace rangefinder::graph
