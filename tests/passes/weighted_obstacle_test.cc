#include "passes/weighted_obstacle.h"

#include <gtest/gtest.h>

#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;

constexpr TensorInfo kFloats = {tensor::ElementType::kFloat32};

std::string obstacle(OnnxBuilder& b, const TensorInfos& infos = {{"y", kFloats}}) {
  graph::Graph graph(b.model());
  return weighted_obstacle(graph, infos, graph.message().node(0));
}

TEST(WeightedObstacle, NoneWithConstantWeightAndBias) {
  OnnxBuilder b;
  b.weights("w", {4, 3, 1, 1});
  b.weights("b", {4});
  b.node("Conv", {"x", "w", "b"}, {"y"});
  EXPECT_EQ(obstacle(b), "");
  EXPECT_EQ(obstacle(b, {{"y", {tensor::ElementType::kFloat64}}}), "computes in float64");
  EXPECT_EQ(obstacle(b, {}), "computes in an unknown type");
}

TEST(WeightedObstacle, ComputedWeightsAndBiases) {
  OnnxBuilder weight;
  weight.node("Conv", {"x", "w"}, {"y"});
  EXPECT_EQ(obstacle(weight), "its weight is not constant");
  OnnxBuilder bias;
  bias.weights("w", {4, 3, 1, 1});
  bias.node("Conv", {"x", "w", "b"}, {"y"});
  EXPECT_EQ(obstacle(bias), "its bias is not constant");
}

TEST(WeightedObstacle, FactorsOfMatMulAreBothFree) {
  OnnxBuilder b;
  b.node("MatMul", {"x", "w"}, {"y"});
  EXPECT_EQ(obstacle(b), "");
  OnnxBuilder first;
  first.weights("x", {4, 3});
  first.node("MatMul", {"x", "w"}, {"y"});
  EXPECT_EQ(obstacle(first), "its first factor is constant");
}

/// Its channels are another axis than those of a weight.
TEST(WeightedObstacle, AConstantThatStandsFirstIsNoWeight) {
  for (const bool is_second_constant : {false, true}) {
    OnnxBuilder gemm;
    gemm.weights("x", {4, 3});
    if (is_second_constant) gemm.weights("w", {3, 5});
    gemm.node("Gemm", {"x", "w"}, {"y"});
    EXPECT_EQ(obstacle(gemm), "its first factor is constant");
  }
  OnnxBuilder conv;
  conv.weights("x", {1, 3, 4, 4});
  conv.weights("w", {4, 3, 1, 1});
  conv.node("Conv", {"x", "w"}, {"y"});
  EXPECT_EQ(obstacle(conv), "its input is constant");
}

TEST(WeightedObstacle, GemmOfRowsWithARow) {
  OnnxBuilder b;
  b.weights("w", {4, 3});
  b.node("Gemm", {"x", "w"}, {"y"}).integer("transA", 1);
  EXPECT_EQ(obstacle(b), "its first factor is transposed");
  OnnxBuilder bias;
  bias.weights("w", {4, 3});
  bias.weights("b", {2, 3});
  bias.node("Gemm", {"x", "w", "b"}, {"y"});
  EXPECT_EQ(obstacle(bias), "its bias is not one row");
}

}  // namespace
}  // namespace rangefinder::passes
