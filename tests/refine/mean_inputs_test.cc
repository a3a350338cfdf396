#include "refine/mean_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/prepare.h"
#include "support/onnx_builder.h"

namespace rangefinder::refine {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

MeanInputs mean_inputs_of(OnnxBuilder& b, const std::unordered_set<std::string>& excluded = {}) {
  auto prepared = passes::prepare({b.bytes(), ""});
  graph::Graph graph(prepared.model);
  const auto annotation =
      passes::annotate(graph, prepared.infos, targets::find_target("ort-cpu"), excluded);
  return mean_inputs(graph, annotation);
}

/// x -> Conv -> Relu -> MaxPool -> Conv -> pool -> Flatten -> Gemm -> Reshape -> MatMul
OnnxBuilder network() {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w1", {4, 3, 3, 3});
  b.weights("w2", {4, 4, 3, 3});
  b.weights("w3", {4, 6});
  b.weights("w4", {3, 5});
  b.node("Conv", {"x", "w1"}, {"c1"}).proto().set_name("first");
  b.node("Relu", {"c1"}, {"r1"});
  b.node("MaxPool", {"r1"}, {"pooled"}).ints("kernel_shape", {2, 2});
  b.node("Conv", {"pooled", "w2"}, {"c2"}).proto().set_name("second");
  b.node("GlobalAveragePool", {"c2"}, {"mean"});
  b.node("Flatten", {"mean"}, {"flat"});
  b.node("Gemm", {"flat", "w3"}, {"g"}).proto().set_name("third");
  b.initializer("shape", {3}, std::vector<int64_t>{1, 2, 3});
  b.node("Reshape", {"g", "shape"}, {"shaped"});
  b.node("MatMul", {"shaped", "w4"}, {"y"}).proto().set_name("fourth");
  b.output("y", {1, 2, 5});
  return b;
}

TEST(MeanInputs, AreTheTensorsThatNodesWithABiasRead) {
  OnnxBuilder b = network();
  const MeanInputs wanted = mean_inputs_of(b);
  EXPECT_THAT(wanted.axes, ElementsAre(Pair("flat", 1), Pair("pooled", 1), Pair("x", 1)));
  EXPECT_THAT(wanted.left_out, ElementsAre(Pair("fourth", HasSubstr("no bias"))));
}

TEST(MeanInputs, WhatSeesPartOfItsWeightsAtATimeIsLeftOut) {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w", {3, 4, 3, 3});
  b.node("ConvTranspose", {"x", "w"}, {"y"}).ints("strides", {2, 2}).proto().set_name("up");
  b.output("y", {1, 4, 17, 17});
  auto prepared = passes::prepare({b.bytes(), ""});
  graph::Graph graph(prepared.model);
  const auto annotation =
      passes::annotate(graph, prepared.infos, targets::find_target("tensorrt"), {});
  EXPECT_THAT(mean_inputs(graph, annotation).left_out,
              ElementsAre(Pair("up", HasSubstr("an output sees"))));
}

TEST(MeanInputs, NodesThatStayFloatNeedNone) {
  OnnxBuilder b = network();
  const MeanInputs wanted = mean_inputs_of(b, {"second", "fourth"});
  EXPECT_THAT(wanted.axes, ElementsAre(Pair("flat", 1), Pair("x", 1)));
  EXPECT_THAT(wanted.left_out, IsEmpty());
}

TEST(MeanInputs, AMatMulBeforeAnAddIsReadAlongItsColumns) {
  OnnxBuilder b;
  b.input("x", {1, 7, 3});
  b.weights("w", {3, 5});
  b.weights("row", {5});
  b.node("MatMul", {"x", "w"}, {"product"});
  b.node("Add", {"row", "product"}, {"y"});
  b.output("y", {1, 7, 5});
  const MeanInputs wanted = mean_inputs_of(b);
  // The runtime may have made a Gemm of it that reads rows.
  ASSERT_EQ(wanted.axes.size(), 1u);
  EXPECT_EQ(wanted.axes.begin()->second, wanted.axes.contains("x") ? -1 : 1);
  EXPECT_THAT(wanted.left_out, IsEmpty());
}

TEST(MeanInputs, AProductOfTwoActivationsHasNoWeights) {
  OnnxBuilder b;
  b.input("x", {2, 3});
  b.input("z", {3, 4});
  b.node("MatMul", {"x", "z"}, {"y"});
  b.output("y", {2, 4});
  EXPECT_THAT(mean_inputs_of(b).axes, IsEmpty());
  EXPECT_THAT(mean_inputs_of(b).left_out, IsEmpty());
}

}  // namespace
}  // namespace rangefinder::refine
