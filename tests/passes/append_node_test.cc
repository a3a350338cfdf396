#include "passes/append_node.h"

#include <gmock/gmock.h>

#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

using testing::ElementsAre;

TEST(AppendNode, TheNewNodeMakesWhatTheOldOneMade) {
  test_support::OnnxBuilder b;
  b.input("x", {2});
  b.input("c", {2});
  b.node("Relu", {"x"}, {"y"});
  b.output("y", {2});
  TensorInfos infos;
  infos["y"] = {tensor::ElementType::kFloat32, tensor::Shape{2}};
  graph::Graph graph(b.model());
  onnx::NodeProto& relu = *graph.message().mutable_node(0);
  const auto& add = append_node(graph, infos, relu, "Add", {"y", relu.name()}, {"c"});
  EXPECT_EQ(add.op_type(), "Add");
  EXPECT_NE(add.name(), relu.name());
  EXPECT_NE(relu.output(0), "y");
  EXPECT_THAT(add.input(), ElementsAre(relu.output(0), "c"));
  EXPECT_THAT(add.output(), ElementsAre("y"));
  EXPECT_EQ(graph.producer("y"), &add);
  EXPECT_TRUE(is_float(infos, relu.output(0)));
}

}  // namespace
}  // namespace rangefinder::passes
