#include "refine/norm_outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "passes/prepare.h"
#include "support/small_transformer.h"

namespace rangefinder::refine {
namespace {

using test_support::OnnxBuilder;
using test_support::SmallTransformer;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::vector<ScalableChannels> norm_outputs_of(
    const OnnxBuilder& b, const std::unordered_set<std::string>& excluded = {}) {
  auto prepared = passes::prepare({b.bytes(), ""});
  graph::Graph graph(prepared.model);
  const auto annotation =
      passes::annotate(graph, prepared.infos, targets::find_target("ort-cpu"), excluded);
  return norm_outputs(graph, annotation);
}

std::vector<std::string> reader_names(const ScalableChannels& output) {
  std::vector<std::string> names;
  for (const auto& reader : output.readers) names.push_back(reader.node);
  return names;
}

TEST(NormOutputs, OfAnOperatorThatNobodyElseReadsTakeTheScalesThemselves) {
  const auto found = norm_outputs_of(SmallTransformer{}.build());
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].output, "n1");
  EXPECT_EQ(found[0].maker, "LayerNormalization_n1");
  EXPECT_THAT(reader_names(found[0]), ElementsAre("query", "key", "value"));
  EXPECT_THAT(found[0].constants,
              ElementsAre(Pair("LayerNormalization_n1", 1), Pair("LayerNormalization_n1", 2)));
  EXPECT_EQ(found[1].output, "n2");
  EXPECT_THAT(reader_names(found[1]), ElementsAre("wide"));
}

TEST(NormOutputs, OfPrimitivesAreTheSame) {
  const auto found = norm_outputs_of(SmallTransformer{.has_operator = false}.build());
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].output, "n1");
  EXPECT_EQ(found[0].maker, "Mul_n1_scaled");
  EXPECT_THAT(reader_names(found[0]), ElementsAre("query", "key", "value"));
  EXPECT_THAT(found[0].constants, ElementsAre(Pair("Mul_n1_scaled", 1), Pair("Add_n1", 1)));
}

TEST(NormOutputs, ThatAResidualReadsNeedAMul) {
  for (const bool has_operator : {true, false}) {
    const auto found = norm_outputs_of(
        SmallTransformer{.is_pre_norm = false, .has_operator = has_operator}.build());
    ASSERT_EQ(found.size(), 2u) << has_operator;
    EXPECT_FALSE(found[0].takes_scales());
    EXPECT_FALSE(found[1].takes_scales());
    EXPECT_THAT(reader_names(found[0]), ElementsAre("query", "key", "value"));
  }
}

TEST(NormOutputs, KnowWhichReadersComputeInIntegers) {
  const auto found = norm_outputs_of(SmallTransformer{}.build(), {"key", "wide"});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].readers[0].is_integer);
  EXPECT_FALSE(found[0].readers[1].is_integer);
  EXPECT_TRUE(found[0].takes_scales());
}

TEST(NormOutputs, LeaveAMatrixThatOthersReadAsItIs) {
  OnnxBuilder b = SmallTransformer{}.build();
  const auto& nodes = b.graph().node();
  const auto wide = std::ranges::find(nodes, "wide", &onnx::NodeProto::name);
  ASSERT_NE(wide, nodes.end());
  b.node("MatMul", {"x", wide->input(1)}, {"again"});
  b.output("again", {});
  const auto found = norm_outputs_of(b);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(reader_names(found[0]), ElementsAre("query", "key", "value"));
}

TEST(NormOutputs, OfAFixedShapeAreReadThroughReshape) {
  for (const bool has_operator : {true, false}) {
    for (const bool is_pre_norm : {true, false}) {
      const auto found =
          norm_outputs_of(SmallTransformer{is_pre_norm, has_operator, 1, true}.build());
      ASSERT_EQ(found.size(), 2u);
      EXPECT_EQ(found[0].output, "n1");
      EXPECT_EQ(found[0].readers.size(), 3u);
      EXPECT_EQ(found[1].readers.size(), 1u);
      EXPECT_EQ(found[0].takes_scales(), is_pre_norm);
    }
  }
}

/// x -> norm of 6 channels -> what `rest` adds.
template <typename Rest>
std::vector<ScalableChannels> behind_norm(const Rest& rest) {
  OnnxBuilder b(17);
  b.input("x", {2, 4, 6});
  b.weights("gain", {6});
  b.node("LayerNormalization", {"x", "gain"}, {"n"}).integer("axis", -1);
  b.weights("w", {6, 5});
  rest(b);
  return norm_outputs_of(b);
}

TEST(NormOutputs, AreFollowedThroughMovesOfWholeRows) {
  const auto found = behind_norm([](OnnxBuilder& b) {
    b.initializer("rows", {2}, std::vector<int64_t>{-1, 6});
    b.node("Transpose", {"n"}, {"t"}).ints("perm", {1, 0, 2});
    b.node("Reshape", {"t", "rows"}, {"r"});
    b.node("Gemm", {"r", "w"}, {"y"});
    b.output("y", {8, 5});
  });
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].output, "n");
  EXPECT_THAT(found[0].observed, ElementsAre("r"));
  EXPECT_THAT(found[0].reads, ElementsAre(Pair("Transpose_t", 0)));
  EXPECT_EQ(found[0].maker, "LayerNormalization_n");
  EXPECT_THAT(found[0].constants, ElementsAre(Pair("LayerNormalization_n", 1)));
}

TEST(NormOutputs, AreNotFollowedThroughMovesOfChannels) {
  EXPECT_THAT(behind_norm([](OnnxBuilder& b) {
                b.weights("v", {4, 5});
                b.node("Transpose", {"n"}, {"t"}).ints("perm", {0, 2, 1});
                b.node("MatMul", {"t", "v"}, {"y"});
                b.output("y", {2, 6, 5});
              }),
              IsEmpty());
  EXPECT_THAT(behind_norm([](OnnxBuilder& b) {
                b.weights("v", {12, 5});
                b.initializer("rows", {2}, std::vector<int64_t>{-1, 12});
                b.node("Reshape", {"n", "rows"}, {"r"});
                b.node("MatMul", {"r", "v"}, {"y"});
                b.output("y", {4, 5});
              }),
              IsEmpty());
}

TEST(NormOutputs, ThatAreOutputsNeedAMul) {
  const auto found = behind_norm([](OnnxBuilder& b) {
    b.node("MatMul", {"n", "w"}, {"y"});
    b.output("y", {2, 4, 5});
    b.output("n", {2, 4, 6});
  });
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(found[0].takes_scales());
}

TEST(NormOutputs, OtherTensorsAreNone) {
  OnnxBuilder b;
  b.input("x", {2, 6});
  b.weights("w", {6, 6});
  b.weights("v", {6, 5});
  b.weights("row", {6});
  b.node("MatMul", {"x", "w"}, {"h"});
  b.node("Add", {"h", "row"}, {"sum"});
  b.node("MatMul", {"sum", "v"}, {"y"});
  b.output("y", {2, 5});
  EXPECT_THAT(norm_outputs_of(b), IsEmpty());
}

}  // namespace
}  // namespace rangefinder::refine
