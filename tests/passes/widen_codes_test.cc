#include "passes/widen_codes.h"

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

WideCodes widened(const OnnxBuilder& builder, const std::unordered_set<std::string>& nodes,
                  const std::unordered_set<std::string>& excluded = {}) {
  OnnxBuilder b = builder;
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  const auto& target = targets::find_target("qnn");
  const Annotation annotation = annotate(graph, prepared.infos, target, excluded);
  return widen_codes(graph, target, annotation, nodes);
}

void conv(OnnxBuilder& b, const std::string& x, const std::string& y) {
  b.weights(y + "_w", {4, 4, 1, 1}, 0.5f);
  b.node("Conv", {x, y + "_w"}, {y});
}

/// x -> Conv a -> Relu r -> MaxPool p -> Conv c; c + p -> s -> Softmax y.
OnnxBuilder residual_model() {
  OnnxBuilder b;
  b.input("x", {-1, 4, 8, 8});
  conv(b, "x", "a");
  b.node("Relu", {"a"}, {"r"});
  b.node("MaxPool", {"r"}, {"p"}).ints("kernel_shape", {1, 1});
  conv(b, "p", "c");
  b.node("Add", {"c", "p"}, {"s"});
  b.node("Softmax", {"s"}, {"y"}).integer("axis", 1);
  b.output("y", {-1, 4, 8, 8});
  return b;
}

TEST(WidenCodes, NothingIsWideWithoutNodes) {
  const WideCodes codes = widened(residual_model(), {});
  EXPECT_THAT(codes.nodes, IsEmpty());
  EXPECT_THAT(codes.tensors, IsEmpty());
  EXPECT_THAT(codes.converted_reads, IsEmpty());
}

TEST(WidenCodes, EverythingIsWideWithAllNodesAndNothingConverted) {
  const WideCodes codes =
      widened(residual_model(), {"Conv_a", "Conv_c", "Add_s", "Softmax_y", "Relu_r", "none"});
  EXPECT_THAT(codes.nodes, UnorderedElementsAre("Conv_a", "Conv_c", "Add_s", "Softmax_y"))
      << "a Relu has no width of its own";
  EXPECT_THAT(codes.tensors, UnorderedElementsAre("x", "r", "p", "c", "s", "y"));
  EXPECT_THAT(codes.converted_reads, IsEmpty());
}

TEST(WidenCodes, ATensorHasTheWidthOfItsMakerAndOtherReadersGetItConverted) {
  const WideCodes codes = widened(residual_model(), {"Conv_c"});
  EXPECT_THAT(codes.tensors, UnorderedElementsAre("c"));
  EXPECT_THAT(codes.converted_reads, UnorderedElementsAre(Pair("p", ElementsAre(Pair("Conv_c", 0))),
                                                          Pair("c", ElementsAre(Pair("Add_s", 0)))))
      << "the sum reads p as it is";
}

TEST(WidenCodes, ABoundAndAMoverBehindAMakerHaveItsWidth) {
  const WideCodes codes = widened(residual_model(), {"Conv_a"});
  EXPECT_THAT(codes.tensors, UnorderedElementsAre("x", "r", "p"));
  EXPECT_THAT(codes.converted_reads,
              ElementsAre(Pair("p", UnorderedElementsAre(Pair("Conv_c", 0), Pair("Add_s", 1)))));
}

TEST(WidenCodes, WhatFloatNodesMakeHasTheWiderWidthOfItsReaders) {
  OnnxBuilder b;
  b.input("x", {-1, 4, 8, 8});
  b.node("Transpose", {"x"}, {"t"}).ints("perm", {0, 1, 3, 2});
  conv(b, "t", "a");
  conv(b, "x", "c");
  b.node("Add", {"a", "c"}, {"y"});
  b.output("y", {-1, 4, 8, 8});
  const WideCodes codes = widened(b, {"Conv_a"});
  EXPECT_THAT(codes.tensors, UnorderedElementsAre("x", "t", "a")) << "through the Transpose";
  EXPECT_THAT(codes.converted_reads,
              UnorderedElementsAre(Pair("x", ElementsAre(Pair("Conv_c", 0))),
                                   Pair("a", ElementsAre(Pair("Add_y", 0)))));
}

/// Its input is read by others, so that it stands behind one pair and before another.
TEST(WidenCodes, ABoundThatIsNotFusedHasTheWidthOfWhatItReads) {
  OnnxBuilder b;
  b.input("x", {-1, 4, 8, 8});
  conv(b, "x", "a");
  b.node("Relu", {"a"}, {"r"});
  b.node("Add", {"a", "r"}, {"s"});
  conv(b, "s", "y");
  b.output("y", {-1, 4, 8, 8});
  const WideCodes wide = widened(b, {"Conv_a"});
  EXPECT_THAT(wide.tensors, UnorderedElementsAre("x", "a", "r"));
  EXPECT_THAT(wide.converted_reads, UnorderedElementsAre(Pair("a", ElementsAre(Pair("Add_s", 0))),
                                                         Pair("r", ElementsAre(Pair("Add_s", 1)))));
  const WideCodes narrow = widened(b, {"Add_s"});
  EXPECT_THAT(narrow.tensors, UnorderedElementsAre("s"));
}

TEST(WidenCodes, NodesInFloatHaveNoWidth) {
  const WideCodes codes = widened(residual_model(), {"Conv_a", "Conv_c"}, {"Conv_c"});
  EXPECT_THAT(codes.nodes, UnorderedElementsAre("Conv_a"));
}

}  // namespace
}  // namespace rangefinder::passes
