#include "analog/layers/layer_candidates.h"

#include <gmock/gmock.h>

#include "support/onnx_builder.h"

namespace rangefinder::analog {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;

TEST(ConstantValue, SeesThroughIdentityAndTranspose) {
  OnnxBuilder b;
  b.input("x", {2});
  b.initializer("w", {2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  b.node("Identity", {"w"}, {"same"});
  b.node("Transpose", {"same"}, {"turned"});
  b.node("Transpose", {"w"}, {"kept"}).ints("perm", {0, 1});
  b.node("Relu", {"w"}, {"computed"});
  graph::Graph graph(b.model());
  EXPECT_THAT(constant_value(graph, "turned")->floats(), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(constant_value(graph, "turned")->shape(), ElementsAre(3, 2));
  EXPECT_THAT(constant_value(graph, "kept")->floats(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_FALSE(constant_value(graph, "computed"));
  EXPECT_FALSE(constant_value(graph, "x"));
  EXPECT_FALSE(constant_value(graph, ""));
}

TEST(FloatWeight, RefusesOtherTypesAndNothing) {
  OnnxBuilder b;
  b.initializer("integers", {1}, std::vector<int64_t>{1});
  b.initializer("empty", {0}, std::vector<float>{});
  graph::Graph graph(b.model());
  EXPECT_NE(std::get<StaysDigital>(float_weight(graph, "integers")).reason.find("int64"),
            std::string::npos);
  EXPECT_TRUE(std::holds_alternative<StaysDigital>(float_weight(graph, "empty")));
  EXPECT_TRUE(std::holds_alternative<StaysDigital>(float_weight(graph, "none")));
}

TEST(ModuleName, IsTheWeightsWithoutItsEnd) {
  EXPECT_EQ(module_name("features.0.weight", "/Conv"), "features.0");
  EXPECT_EQ(module_name(".weight", "/Conv"), "/Conv");
  EXPECT_EQ(module_name("onnx::MatMul_12", "/fc/MatMul"), "/fc/MatMul");
}

TEST(Candidates, OfAConvolutionCarryItsAttributes) {
  OnnxBuilder b;
  b.input("x", {1, 4, 9});
  b.weights("w", {6, 2, 3});
  b.node("Conv", {"x", "w"}, {"y"}).integer("group", 2).ints("dilations", {2}).ints("pads", {1, 0});
  graph::Graph graph(b.model());
  const auto found = convolution_candidates(graph, b.graph().node(0));
  const AnalogLayer& layer = std::get<0>(found).at(0).layer;
  EXPECT_EQ(layer.groups, 2);
  EXPECT_EQ(layer.outputs, 6);
  EXPECT_EQ(layer.inputs(), 12);
  EXPECT_EQ(layer.sites[0].convolution->dilations, std::vector<int64_t>{2});
  EXPECT_EQ(layer.sites[0].convolution->kernel_shape, std::vector<int64_t>{3});
}

}  // namespace
}  // namespace rangefinder::analog
