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
  b.node("Gemm", {"x", "w"}, {"a"}).integer("transA", 1);
  b.node("Gemm", {"x", "w", "rows"}, {"b"}).real("beta", 0.5f);
  b.node("MatMul", {"w", "x"}, {"c"});
  b.node("Conv", {"picture", "kernel"}, {"d"});
  b.node("Conv", {"picture", "conv_w", "conv_b"}, {"e"});
  for (const std::string name : {"a", "b", "c"}) b.output(name, {4, 4});
  for (const std::string name : {"d", "e"}) b.output(name, {1, 2, 8, 8});
  const Annotation annotation = annotated(b);
  std::map<std::string, std::string> reasons;
  for (const auto& node : annotation.left_float) reasons[node.name] = node.reason;
  EXPECT_THAT(reasons, UnorderedElementsAre(Pair("Gemm_a", "its first factor is transposed"),
                                            Pair("Gemm_b", "its bias is not one row"),
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
  b.node("FusedMatMul", {"x", "w"}, {"m"}).proto().set_domain("com.microsoft");
  b.node("Relu", {"m"}, {"y"});
  b.output("y", {2, 4});
  b.import("com.microsoft");
  const Annotation annotation = annotated(b);
  EXPECT_THAT(annotation.weighted, IsEmpty());
  EXPECT_THAT(annotation.left_float, IsEmpty());
}

TEST(Annotate, ExcludedNodesComputeInFloat) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "c0", 3, 4);
  b.node("Relu", {"c0"}, {"r0"});
  conv(b, "r0", "c1", 4, 4);
  b.node("Add", {"r0", "c1"}, {"sum"});
  conv(b, "sum", "y", 4, 4);
  b.output("y", {-1, 4, 8, 8});
  const auto excluding = [&](const std::vector<std::string>& exclude) {
    const auto prepared = test_support::prepare(b.model());
    onnx::ModelProto model = prepared.model;
    graph::Graph graph(model);
    return annotate(graph, prepared.infos, targets::find_target("ort-cpu"), exclude);
  };
  const auto reads = [](const Annotation& annotation, const std::string& name) {
    const QuantizedTensor* tensor = annotation.find(name);
    return tensor ? tensor->reads.size() : 0;
  };
  EXPECT_EQ(reads(excluding({}), "r0"), 2u);
  for (const char* pattern : {"Conv_c1", "c1", "*c1"}) {
    const Annotation without = excluding({pattern});
    EXPECT_EQ(without.weighted.size(), 2u) << pattern;
    EXPECT_EQ(without.left_float.at(0).name, "Conv_c1") << pattern;
    EXPECT_EQ(without.find("c1"), nullptr) << "nobody wants its codes";
  }
  const Annotation bounded = excluding({"r0"});
  EXPECT_EQ(bounded.left_float.at(0).name, "Conv_c0") << "its fused Relu was named";
  const Annotation sum_in_float = excluding({"Add_sum"});
  EXPECT_EQ(sum_in_float.weighted.size(), 3u);
  EXPECT_EQ(reads(sum_in_float, "r0"), 1u);
  EXPECT_THROW(excluding({"Conv"}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::passes
