#include "passes/annotate_explicit.h"

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

Annotation annotated(OnnxBuilder& b, std::string_view target,
                     const std::unordered_set<std::string>& excluded = {}) {
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  return annotate(graph, prepared.infos, targets::find_target(target), excluded);
}

std::vector<std::string> weighted(const Annotation& annotation) {
  std::vector<std::string> names;
  for (const auto& node : annotation.weighted) names.push_back(node.name);
  return names;
}

void conv(OnnxBuilder& b, const std::string& x, const std::string& y, int64_t in = 4,
          int64_t out = 4) {
  b.weights(y + "_w", {out, in, 1, 1}, 0.5f);
  b.node("Conv", {x, y + "_w"}, {y});
}

OnnxBuilder picture_model() {
  OnnxBuilder b;
  b.input("x", {-1, 4, 8, 8});
  return b;
}

/// x -> Conv a -> Relu r -> Conv c, r + c -> Relu y -> Conv z.
OnnxBuilder residual_model() {
  OnnxBuilder b = picture_model();
  conv(b, "x", "a");
  b.node("Relu", {"a"}, {"r"});
  conv(b, "r", "c");
  b.node("Add", {"c", "r"}, {"sum"});
  b.node("Relu", {"sum"}, {"y"});
  conv(b, "y", "z");
  b.output("z", {-1, 4, 8, 8});
  return b;
}

TEST(AnnotateExplicit, BeforeTheReadersStandTheOnlyPairs) {
  OnnxBuilder b = residual_model();
  const Annotation annotation = annotated(b, "tensorrt");
  EXPECT_THAT(annotation.observed(), ElementsAre("x", "r", "y"));
  EXPECT_THAT(weighted(annotation), ElementsAre("Conv_a", "Conv_c", "Conv_z"));
  for (const auto& tensor : annotation.tensors) EXPECT_FALSE(tensor.hides_float) << tensor.name;
  EXPECT_THAT(annotation.find("r")->reads,
              UnorderedElementsAre(Pair("Conv_c", 0), Pair("Add_sum", 1)))
      << "the Conv adds what the Add reads as codes";
}

TEST(AnnotateExplicit, OfTwoConvolutionsTheLaterOneAdds) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "a");
  conv(b, "x", "c");
  b.node("Add", {"c", "a"}, {"y"});
  b.output("y", {-1, 4, 8, 8});
  const Annotation annotation = annotated(b, "tensorrt");
  EXPECT_THAT(annotation.observed(), ElementsAre("x", "a"));
  EXPECT_THAT(annotation.find("a")->reads, ElementsAre(Pair("Add_y", 1)));
}

/// As an imported model has them, which nobody folded into the convolution.
TEST(AnnotateExplicit, AConvolutionAddsBehindItsBiasAndNormalization) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "a");
  b.weights("s", {4});
  b.weights("k", {4, 1, 1});
  b.node("BatchNormalization", {"a", "s", "s", "s", "s"}, {"n"});
  b.node("Add", {"k", "n"}, {"biased"});
  b.node("Add", {"x", "biased"}, {"y"});
  b.output("y", {-1, 4, 8, 8});
  const TensorInfo floats = {tensor::ElementType::kFloat32};
  graph::Graph graph(b.model());
  const Annotation annotation = annotate(
      graph, {{"x", floats}, {"a", floats}, {"n", floats}, {"biased", floats}, {"y", floats}},
      targets::find_target("tensorrt"), {});
  EXPECT_THAT(annotation.find("x")->reads,
              UnorderedElementsAre(Pair("Conv_a", 0), Pair("Add_y", 0)));
  EXPECT_EQ(annotation.find("biased"), nullptr);
}

TEST(AnnotateExplicit, TransposedConvolutionsAreForThoseThatHaveThem) {
  OnnxBuilder b = picture_model();
  b.weights("w", {4, 3, 2, 2});
  b.node("ConvTranspose", {"x", "w"}, {"y"}).ints("strides", {2, 2});
  b.output("y", {-1, 3, 16, 16});
  EXPECT_THAT(weighted(annotated(b, "tensorrt")), ElementsAre("ConvTranspose_y"));
  EXPECT_THAT(annotated(b, "tensorrt").observed(), ElementsAre("x"));
  EXPECT_THAT(weighted(annotated(b, "ncnn")), IsEmpty());
}

TEST(AnnotateExplicit, TransposedConvolutionsTakeNoZeroPoint) {
  const auto taken = [](const std::string& maker) {
    OnnxBuilder b = picture_model();
    b.initializer("low", {}, std::vector<float>{0});
    b.initializer("high", {}, std::vector<float>{6});
    if (maker == "Clip") {
      b.node(maker, {"x", "low", "high"}, {"a"});
    } else {
      b.node(maker, {"x"}, {"a"});
    }
    b.node("MaxPool", {"a"}, {"p"}).ints("kernel_shape", {2, 2});
    b.weights("w", {4, 3, 2, 2});
    b.node("ConvTranspose", {"p", "w"}, {"y"}).ints("strides", {2, 2});
    b.output("y", {-1, 3, 14, 14});
    return annotated(b, "openvino");
  };
  for (const auto* maker : {"Relu", "Clip", "Sigmoid"}) {
    EXPECT_THAT(weighted(taken(maker)), ElementsAre("ConvTranspose_y")) << maker;
  }
  OnnxBuilder groups = picture_model();
  groups.node("Relu", {"x"}, {"r"});
  groups.weights("w", {4, 1, 2, 2});
  groups.node("ConvTranspose", {"r", "w"}, {"y"}).integer("group", 4);
  groups.output("y", {-1, 4, 9, 9});
  EXPECT_THAT(weighted(annotated(groups, "openvino")), IsEmpty());
  const Annotation negative = taken("Tanh");
  EXPECT_THAT(negative.observed(), IsEmpty());
  ASSERT_EQ(negative.left_float.size(), 1u);
  EXPECT_EQ(negative.left_float[0].reason, "its input may be negative");
}

TEST(AnnotateExplicit, AnAdditionThatNoConvolutionTakesOverStaysFloat) {
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.weights("w", {4, 4});
  b.node("MatMul", {"x", "w"}, {"m"});
  b.node("Tanh", {"x"}, {"t"});
  b.node("Add", {"m", "t"}, {"y"});
  b.output("y", {-1, 4});
  EXPECT_THAT(annotated(b, "tensorrt").observed(), ElementsAre("x"));
}

TEST(AnnotateExplicit, MoversCarryTheCodesOfWhatTheyRead) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "a");
  b.node("MaxPool", {"a"}, {"p"}).ints("kernel_shape", {2, 2});
  conv(b, "p", "y");
  b.output("y", {-1, 4, 7, 7});
  const Annotation annotation = annotated(b, "tensorrt");
  EXPECT_THAT(annotation.observed(), ElementsAre("x", "a"));
  EXPECT_EQ(annotation.find("p")->root, "a");
  EXPECT_TRUE(annotation.find("p")->is_carried);
  EXPECT_THAT(annotation.find("a")->reads, ElementsAre(Pair("MaxPool_p", 0)));
  EXPECT_THAT(annotated(b, "ncnn").observed(), ElementsAre("x", "p")) << "knows no MaxPool";
}

OnnxBuilder joined_model() {
  OnnxBuilder b = picture_model();
  conv(b, "x", "a");
  b.node("Relu", {"a"}, {"r"});
  conv(b, "x", "c");
  b.node("Concat", {"r", "c"}, {"j"}).integer("axis", 1);
  conv(b, "j", "y", 8, 4);
  b.output("y", {-1, 4, 8, 8});
  return b;
}

TEST(AnnotateExplicit, WhatIsJoinedSharesItsParameters) {
  OnnxBuilder b = joined_model();
  for (const auto* target : {"tensorrt", "int8-symmetric"}) {
    const Annotation annotation = annotated(b, target);
    EXPECT_THAT(annotation.aligned, ElementsAre(ElementsAre("r", "c"))) << target;
    EXPECT_EQ(annotation.find("j")->root, "r") << target;
    EXPECT_TRUE(annotation.find("r")->is_observed() && annotation.find("c")->is_observed());
  }
  EXPECT_THAT(annotated(b, "qnn").aligned, IsEmpty()) << "each has its own there";
}

/// Two halves of x, joined along `axis`, and what follows.
Annotation joined_halves(int64_t axis, const std::vector<std::string>& after) {
  OnnxBuilder b = picture_model();
  b.node("Sigmoid", {"x"}, {"a"});
  b.node("Tanh", {"x"}, {"c"});
  b.node("Concat", {"a", "c"}, {"j"}).integer("axis", axis);
  b.initializer("starts", {1}, std::vector<int64_t>{0});
  b.initializer("ends", {1}, std::vector<int64_t>{4});
  b.initializer("axes", {1}, std::vector<int64_t>{1});
  int64_t channels = axis == 1 || axis == -3 ? 8 : 4;
  std::string last = "j";
  for (const auto& type : after) {
    const std::string next = type;
    if (type == "Slice") {
      b.node(type, {last, "starts", "ends", "axes"}, {next});
      channels = 4;
    } else if (type == "MatMul") {
      b.weights("square", {axis == 3 ? 16 : 8, 8});
      b.node(type, {last, "square"}, {next});
    } else if (type == "Conv") {
      conv(b, last, next, channels, 4);
    } else {
      b.node(type, {last}, {next}).ints("kernel_shape", {2, 2});
    }
    last = next;
  }
  b.output(last, {-1, -1, -1, -1});
  return annotated(b, "openvino");
}

/// Elsewhere OpenVINO computes in float, or refuses the model.
TEST(AnnotateExplicit, CodesWithAZeroPointAreJoinedWhereItCanGoAlong) {
  for (const int64_t axis : {1, -3}) {
    const Annotation channels = joined_halves(axis, {"Conv"});
    EXPECT_THAT(channels.aligned, ElementsAre(ElementsAre("a", "c"))) << axis;
  }
  const auto aligned = ElementsAre(ElementsAre("a", "c"));
  EXPECT_THAT(joined_halves(1, {"MaxPool", "Conv"}).aligned, aligned);
  EXPECT_THAT(joined_halves(1, {"AveragePool", "Conv"}).aligned, aligned);
  EXPECT_THAT(joined_halves(1, {"Slice", "Conv"}).observed(), ElementsAre("Slice"));
  EXPECT_THAT(joined_halves(1, {"MaxPool", "Slice", "Conv"}).observed(), ElementsAre("Slice"));
  EXPECT_THAT(joined_halves(2, {"MaxPool", "Conv"}).observed(), ElementsAre("MaxPool"));
  EXPECT_THAT(joined_halves(3, {"MatMul"}).observed(), ElementsAre("j"));
}

TEST(AnnotateExplicit, WhatReadsAnotherJoinDirectlyStaysFloat) {
  for (const auto& [axis, type] : {std::pair(2, "Conv"), std::pair(1, "MatMul")}) {
    const Annotation annotation = joined_halves(axis, {type});
    EXPECT_THAT(annotation.observed(), IsEmpty()) << type;
    ASSERT_EQ(annotation.left_float.size(), 1u) << type;
    EXPECT_THAT(annotation.left_float[0].reason, testing::HasSubstr("joined")) << type;
  }
}

/// Symmetric codes have no zero point to lose.
TEST(AnnotateExplicit, SymmetricCodesAreJoinedAlongAnyAxis) {
  OnnxBuilder b = picture_model();
  b.node("Sigmoid", {"x"}, {"a"});
  b.node("Concat", {"a", "x"}, {"j"}).integer("axis", 2);
  conv(b, "j", "y");
  b.output("y", {-1, 4, 16, 8});
  EXPECT_THAT(annotated(b, "tensorrt").aligned, ElementsAre(ElementsAre("a", "x")));
}

TEST(AnnotateExplicit, GroupsThatMeetAreOne) {
  OnnxBuilder b = joined_model();
  b.node("Concat", {"c", "x"}, {"k"}).integer("axis", 1);
  conv(b, "k", "z", 8, 4);
  b.output("z", {-1, 4, 8, 8});
  EXPECT_THAT(annotated(b, "tensorrt").aligned, ElementsAre(ElementsAre("x", "r", "c")));
}

TEST(AnnotateExplicit, AroundAllThatHasCodes) {
  OnnxBuilder b = residual_model();
  const Annotation annotation = annotated(b, "int8-symmetric");
  EXPECT_THAT(annotation.observed(), ElementsAre("x", "r", "c", "y", "z"));
  EXPECT_FALSE(annotation.find("x")->hides_float);
  for (const auto* name : {"r", "c", "y", "z"}) {
    EXPECT_TRUE(annotation.find(name)->hides_float) << name;
  }
}

TEST(AnnotateExplicit, ConstantsBesideCodesAreCodes) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "a");
  b.node("Sigmoid", {"a"}, {"s"});
  b.weights("k", {4, 1, 1});
  b.node("Mul", {"s", "k"}, {"m"});
  b.node("Exp", {"m"}, {"y"});
  b.output("y", {-1, 4, 8, 8});
  EXPECT_THAT(annotated(b, "int8-symmetric").observed(), ElementsAre("x", "a", "s", "m"));
  EXPECT_THAT(annotated(b, "int8-symmetric").constants, ElementsAre(Pair("Mul_m", 1)));
  EXPECT_THAT(annotated(b, "tensorrt").observed(), ElementsAre("x"));
}

TEST(AnnotateExplicit, DivisorsThatCouldBecomeZeroStayFloat) {
  const auto tensors = [](const std::vector<float>& divisor) {
    OnnxBuilder b = picture_model();
    conv(b, "x", "a");
    b.node("Sigmoid", {"a"}, {"s"});
    b.initializer("k", {static_cast<int64_t>(divisor.size()), 1, 1}, divisor);
    b.node("Div", {"s", "k"}, {"d"});
    b.node("Exp", {"d"}, {"y"});
    b.output("y", {-1, 4, 8, 8});
    return annotated(b, "int8-symmetric").observed();
  };
  EXPECT_THAT(tensors({1e-3f, 1, 2, 300}), ElementsAre("x", "a", "s"));
  EXPECT_THAT(tensors({3}), ElementsAre("x", "a", "s", "d"));
}

TEST(AnnotateExplicit, PrescribedOutputsAreNotObserved) {
  OnnxBuilder b = picture_model();
  conv(b, "x", "a");
  b.node("Sigmoid", {"a"}, {"y"});
  b.output("y", {-1, 4, 8, 8});
  const Annotation annotation = annotated(b, "qnn-16");
  EXPECT_THAT(annotation.observed(), ElementsAre("x", "a"));
  EXPECT_EQ(annotation.find("y")->fixed, (quantization::AffineParameters{1.0f / 65536, 0}));
  EXPECT_THAT(annotated(b, "qnn").observed(), ElementsAre("x", "a", "y"));
}

TEST(AnnotateExplicit, ExcludedNodesStayFloat) {
  OnnxBuilder b = residual_model();
  const Annotation annotation = annotated(b, "tensorrt", {"Conv_c"});
  EXPECT_THAT(annotation.observed(), ElementsAre("x", "y")) << "nor is the Add taken over";
  ASSERT_EQ(annotation.left_float.size(), 1u);
  EXPECT_EQ(annotation.left_float[0].name, "Conv_c");
  EXPECT_EQ(annotation.left_float[0].reason, "is excluded");
}

TEST(AnnotateExplicit, IntegersAreNoData) {
  OnnxBuilder b;
  b.input("i", {-1, 4}, onnx::TensorProto::INT64);
  b.input("x", {-1, 4});
  b.weights("w", {4, 4});
  b.node("MatMul", {"x", "w"}, {"m"});
  b.node("Add", {"i", "i"}, {"s"});
  b.output("m", {-1, 4});
  b.output("s", {-1, 4}, onnx::TensorProto::INT64);
  EXPECT_THAT(annotated(b, "int8-symmetric").observed(), ElementsAre("x", "m"));
}

}  // namespace
}  // namespace rangefinder::passes
