#include "passes/annotate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

Annotation annotated(OnnxBuilder& b) {
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  return annotate(graph, prepared.infos, targets::find_target("ort-cpu"));
}

void conv(OnnxBuilder& b, const std::string& x, const std::string& y, int64_t in, int64_t out) {
  b.weights(y + "_w", {out, in, 1, 1}, 0.5f);
  b.node("Conv", {x, y + "_w"}, {y});
}

OnnxBuilder picture_model() {
  OnnxBuilder b;
  b.input("x", {-1, 3, 8, 8});
  return b;
}

TEST(Annotate, OnlyFusedOutputsAreObserved) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 4);
  b.node("Relu", {"c0"}, {"r0"});
  b.node("MaxPool", {"r0"}, {"p0"}).ints("kernel_shape", {2, 2});
  conv(b, "p0", "y", 4, 4);
  b.output("y", {-1, 4, 7, 7});
  const Annotation annotation = annotated(b);
  EXPECT_THAT(annotation.observed(), UnorderedElementsAre("x", "r0", "y"));
  EXPECT_EQ(annotation.find("p0")->root, "r0");
  EXPECT_EQ(annotation.find("c0"), nullptr);
  EXPECT_THAT(annotation.find("x")->reads, ElementsAre(Pair("Conv_c0", 0)));
  EXPECT_FALSE(annotation.find("x")->hides_float);
  EXPECT_TRUE(annotation.find("r0")->hides_float);
}

TEST(Annotate, AMatMulOutputIsNotCodesUnlessSomebodyWantsThem) {
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.weights("w", {4, 4});
  b.node("MatMul", {"x", "w"}, {"m"});
  b.node("Exp", {"m"}, {"e"});
  b.node("MatMul", {"e", "w"}, {"y"});
  b.output("y", {-1, 4});
  EXPECT_THAT(annotated(b).observed(), UnorderedElementsAre("x", "e"));
}

TEST(Annotate, ArithmeticBetweenFloatNodesStaysFloat) {
  OnnxBuilder b = picture_model();
  b.node("Exp", {"x"}, {"e"});
  b.node("Add", {"e", "x"}, {"sum"});
  b.node("Sqrt", {"sum"}, {"s"});
  conv(b, "s", "y", 3, 4);
  b.node("Mul", {"y", "y"}, {"square"});
  b.output("square", {-1, 4, 8, 8});
  EXPECT_THAT(annotated(b).observed(), UnorderedElementsAre("s", "y"));
}

TEST(Annotate, UpperBoundOfAClip) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 4);
  b.initializer("zero", {}, std::vector<float>{0});
  b.initializer("six", {}, std::vector<float>{6});
  b.node("Clip", {"c0", "zero", "six"}, {"r0"});
  conv(b, "r0", "y", 4, 4);
  b.output("y", {-1, 4, 8, 8});
  const Annotation annotation = annotated(b);
  EXPECT_EQ(annotation.find("r0")->upper_bound, 6.0f);
  EXPECT_EQ(annotation.find("y")->upper_bound, std::nullopt);
}

TEST(Annotate, FactorsMultiplyAlongTheirChain) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 4);
  b.initializer("half", {}, std::vector<float>{0.5f});
  b.initializer("four", {}, std::vector<float>{4});
  b.node("Mul", {"c0", "half"}, {"h"});
  b.node("Transpose", {"h"}, {"t"}).ints("perm", {0, 1, 3, 2});
  b.node("Div", {"t", "four"}, {"d"});
  conv(b, "d", "y", 4, 4);
  // Another reader, or the factor would be folded into the convolution.
  b.node("Exp", {"c0"}, {"e"});
  b.output("y", {-1, 4, 8, 8});
  b.output("e", {-1, 4, 8, 8});
  const Annotation annotation = annotated(b);
  const QuantizedTensor* last = annotation.find("d");
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->root, "c0");
  EXPECT_FLOAT_EQ(last->factor, 0.125f);
  EXPECT_EQ(last->codes_of, "t");
  EXPECT_FALSE(last->is_observed());
}

TEST(Annotate, NegativeAndZeroFactorsAreNoScales) {
  for (const float factor : {-1.0f, 0.0f}) {
    OnnxBuilder b = picture_model();
    conv(b, "x", "c0", 3, 4);
    b.initializer("k", {}, std::vector<float>{factor});
    b.node("MaxPool", {"c0"}, {"p"}).ints("kernel_shape", {2, 2});
    b.node("Mul", {"p", "k"}, {"m"});
    conv(b, "m", "y", 4, 4);
    b.output("y", {-1, 4, 7, 7});
    const Annotation annotation = annotated(b);
    ASSERT_NE(annotation.find("m"), nullptr);
    EXPECT_EQ(annotation.find("m")->codes_of, "");
    EXPECT_THAT(annotation.constants, ElementsAre(Pair("Mul_m", 1)));
  }
}

TEST(Annotate, AGateHasFixedParameters) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 4);
  b.node("HardSigmoid", {"c0"}, {"g"}).real("alpha", 0.3f).real("beta", 0.4f);
  b.node("Mul", {"c0", "g"}, {"m"});
  conv(b, "m", "y", 4, 4);
  b.output("y", {-1, 4, 8, 8});
  const Annotation annotation = annotated(b);
  ASSERT_EQ(annotation.gates.size(), 1u);
  EXPECT_EQ(annotation.gates[0].alpha, 0.3f);
  EXPECT_EQ(annotation.gates[0].beta, 0.4f);
  EXPECT_EQ(annotation.find("g")->fixed, (quantization::AffineParameters{1.0f / 255, 0}));
  EXPECT_THAT(annotation.observed(), testing::Not(testing::Contains("g")));
}

TEST(Annotate, WhatStaysFloatHasAReason) {
  OnnxBuilder b;
  b.input("x", {4, 4});
  b.input("picture", {1, 3, 8, 8});
  b.input("kernel", {2, 3, 1, 1});
  b.weights("w", {4, 4});
  b.weights("rows", {4, 4});
  b.weights("conv_w", {2, 3, 1, 1});
  b.input("conv_b", {2});
  b.node("Gemm", {"x", "w", "rows"}, {"b"}).real("beta", 0.5f);
  b.node("MatMul", {"w", "x"}, {"c"});
  b.node("Conv", {"picture", "kernel"}, {"d"});
  b.node("Conv", {"picture", "conv_w", "conv_b"}, {"e"});
  for (const std::string name : {"b", "c"}) b.output(name, {4, 4});
  for (const std::string name : {"d", "e"}) b.output(name, {1, 2, 8, 8});
  const Annotation annotation = annotated(b);
  std::map<std::string, std::string> reasons;
  for (const auto& node : annotation.left_float) reasons[node.name] = node.reason;
  EXPECT_THAT(reasons, UnorderedElementsAre(Pair("Gemm_b", "its bias is not one row"),
                                            Pair("MatMul_c", "its first factor is constant"),
                                            Pair("Conv_d", "its weight is not constant"),
                                            Pair("Conv_e", "its bias is not constant")));
  EXPECT_THAT(annotation.weighted, IsEmpty());
  EXPECT_THAT(annotation.tensors, IsEmpty());
}

TEST(Annotate, ProductsOfTwoActivationsAreWeighted) {
  OnnxBuilder b;
  b.input("x", {2, 4, 4});
  b.input("z", {2, 4, 4});
  b.node("MatMul", {"x", "z"}, {"y"});
  b.output("y", {2, 4, 4});
  const Annotation annotation = annotated(b);
  ASSERT_EQ(annotation.weighted.size(), 1u);
  EXPECT_FALSE(annotation.weighted[0].has_constant_weight);
  EXPECT_THAT(annotation.observed(), UnorderedElementsAre("x", "z"));
}

TEST(Annotate, OtherDomainsAreNotRead) {
  OnnxBuilder b;
  b.input("x", {2, 4});
  b.weights("w", {4, 4});
  b.initializer("pads", {4}, std::vector<int64_t>{0, 0, 1, 0});
  b.node("Pad", {"x", "pads"}, {"p"}).proto().set_domain("com.microsoft");
  b.node("MatMul", {"p", "w"}, {"y"});
  b.output("y", {3, 4});
  b.import("com.microsoft");
  const Annotation annotation = annotated(b);
  EXPECT_THAT(annotation.observed(), UnorderedElementsAre("p")) << "not x, whose codes a Pad moves";
  EXPECT_THAT(annotation.left_float, IsEmpty());
}

Annotation annotated_without(OnnxBuilder& b, const std::unordered_set<std::string>& excluded) {
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  return annotate(graph, prepared.infos, targets::find_target("ort-cpu"), excluded);
}

TEST(Annotate, ExcludedNodesComputeInFloat) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 4);
  b.node("Relu", {"c0"}, {"r0"});
  conv(b, "r0", "c1", 4, 4);
  b.node("Add", {"r0", "c1"}, {"sum"});
  conv(b, "sum", "y", 4, 4);
  b.output("y", {-1, 4, 8, 8});
  const auto reads = [](const Annotation& annotation, const std::string& name) {
    const QuantizedTensor* tensor = annotation.find(name);
    return tensor ? tensor->reads.size() : 0;
  };
  EXPECT_EQ(reads(annotated_without(b, {}), "r0"), 2u);
  const Annotation without = annotated_without(b, {"Conv_c1"});
  EXPECT_EQ(without.weighted.size(), 2u);
  EXPECT_EQ(without.left_float.at(0).name, "Conv_c1");
  EXPECT_THAT(without.kept_float, ElementsAre("Conv_c1"));
  EXPECT_EQ(without.find("c1"), nullptr) << "nobody wants its codes";
  const Annotation sum_in_float = annotated_without(b, {"Add_sum"});
  EXPECT_EQ(sum_in_float.weighted.size(), 3u);
  EXPECT_EQ(reads(sum_in_float, "r0"), 1u);
  EXPECT_THAT(sum_in_float.kept_float, ElementsAre("Add_sum"));
}

TEST(Annotate, WhatAnExcludedMoverOrGateMakesNeedsNoData) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 4);
  b.node("MaxPool", {"c0"}, {"pool"}).ints("kernel_shape", {2, 2});
  conv(b, "pool", "c1", 4, 4);
  b.node("HardSigmoid", {"c1"}, {"gate"});
  conv(b, "gate", "c2", 4, 4);
  b.initializer("three", {}, std::vector<float>{3});
  b.node("Div", {"c2", "three"}, {"third"});
  conv(b, "third", "y", 4, 4);
  b.output("y", {-1, 4, 7, 7});
  const Annotation all = annotated(b);
  const Annotation without =
      annotated_without(b, {"MaxPool_pool", "HardSigmoid_gate", "Div_third"});
  EXPECT_EQ(without.observed(), all.observed());
  EXPECT_EQ(without.find("pool")->root, "c0");
  EXPECT_EQ(without.find("third")->root, "c2");
  EXPECT_FLOAT_EQ(without.find("third")->factor, 1.0f / 3);
  EXPECT_EQ(without.find("third")->codes_of, "") << "the division is a node of its own";
  EXPECT_TRUE(without.find("gate")->fixed.has_value());
  EXPECT_THAT(without.gates, IsEmpty());
}

TEST(Annotate, WhatIntegerKernelsDoNotServeIsKeptFloat) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 4);
  b.initializer("scales", {4}, std::vector<float>{1, 1, 2, 2});
  auto resize = b.node("Resize", {"c0", "", "scales"}, {"grown"});
  resize.proto().add_attribute()->set_name("mode");
  resize.proto().mutable_attribute(0)->set_type(onnx::AttributeProto::STRING);
  resize.proto().mutable_attribute(0)->set_s("linear");
  conv(b, "grown", "y", 4, 4);
  b.output("y", {-1, 4, 16, 16});
  EXPECT_THAT(annotated(b).kept_float, ElementsAre("Resize_grown"));
}

TEST(Annotate, AKernelThatComputesSomethingElseIsNotChosen) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 4);
  b.node("AveragePool", {"c0"}, {"p"})
      .ints("kernel_shape", {2, 2})
      .integer("ceil_mode", 1)
      .integer("count_include_pad", 1);
  conv(b, "p", "y", 4, 4);
  b.node("Softmax", {"y"}, {"s"});
  conv(b, "s", "z", 4, 4);
  b.output("z", {-1, 4, 7, 7});
  const Annotation annotation = annotated(b);
  ASSERT_EQ(annotation.unsuited.size(), 1u);
  EXPECT_EQ(annotation.unsuited[0].op_type, "AveragePool");
  EXPECT_THAT(annotation.unsuited[0].reason, testing::HasSubstr("count_include_pad"));
  EXPECT_FALSE(annotation.find("p")->hides_float);
  EXPECT_THAT(annotation.left_float, IsEmpty());
  EXPECT_THAT(annotation.kept_float, testing::IsSupersetOf({"AveragePool_p", "Softmax_s"}));
}

TEST(Annotate, ConstantsThatAreNoScaleStayFloat) {
  for (const float constant : {1e-40f, -1e-40f, INFINITY, -INFINITY}) {
    for (const std::string type : {"Add", "Mul"}) {
      OnnxBuilder b = picture_model();
      conv(b, "x", "c0", 3, 4);
      b.initializer("k", {}, std::vector<float>{constant});
      b.node("MaxPool", {"c0"}, {"p"}).ints("kernel_shape", {2, 2});
      b.node(type, {"p", "k"}, {"m"});
      conv(b, "m", "y", 4, 4);
      b.output("y", {-1, 4, 7, 7});
      const Annotation annotation = annotated(b);
      ASSERT_EQ(annotation.unsuited.size(), 1u) << type << constant;
      EXPECT_THAT(annotation.unsuited[0].reason, testing::HasSubstr("constant"));
    }
  }
}

TEST(QuantizedTensor, ScalesOfChainsAreNormalNumbers) {
  const auto scale = [](float factor, float root) {
    return QuantizedTensor{.name = "t", .root = "r", .factor = factor}.scale(root);
  };
  EXPECT_EQ(scale(0.3f, 0.7f), 0.3f * 0.7f);
  EXPECT_EQ(scale(1e-30f, 1e-20f), std::numeric_limits<float>::min());
  EXPECT_EQ(scale(0, 1), std::numeric_limits<float>::min());
  EXPECT_EQ(scale(1e30f, 1e20f), std::numeric_limits<float>::max());
  EXPECT_EQ(scale(INFINITY, 1), std::numeric_limits<float>::max());
}

}  // namespace
}  // namespace rangefinder::passes
