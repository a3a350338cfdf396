#include "passes/gemm_bias.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/quantization_checks.h"

namespace rangefinder::passes {
namespace {

using test_support::check_quantization;
using test_support::OnnxBuilder;

OnnxBuilder gemm_model(const std::vector<int64_t>& bias, float beta = 1) {
  OnnxBuilder b;
  b.input("x", {4, 6});
  b.weights("w", {6, 4});
  b.weights("bias", bias);
  b.node("Gemm", {"x", "w", "bias"}, {"y"}).real("beta", beta);
  b.output("y", {4, 4});
  return b;
}

TEST(SplitGemmBias, BiasPerRowBecomesAnAdd) {
  for (const auto& shape : std::vector<std::vector<int64_t>>{{4, 1}, {4, 4}}) {
    OnnxBuilder b = gemm_model(shape);
    const onnx::ModelProto before = b.model();
    TensorInfos infos;
    infos["y"] = {tensor::ElementType::kFloat32, tensor::Shape{4, 4}};
    split_gemm_bias(b.model(), infos);
    ASSERT_EQ(b.graph().node_size(), 2);
    EXPECT_TRUE(infos.contains(b.graph().node(0).output(0)));
    const auto sample = test_support::random_sample(before, 1);
    EXPECT_GE(test_support::sqnr_db(test_support::run(before, sample).at("y"),
                                    test_support::run(b.model(), sample).at("y")),
              110);
  }
}

TEST(SplitGemmBias, RowsStayAndSoDoesBeta) {
  for (const auto& shape : std::vector<std::vector<int64_t>>{{}, {1}, {4}, {1, 4}, {1, 1}}) {
    OnnxBuilder b = gemm_model(shape);
    graph::Graph graph(b.model());
    EXPECT_TRUE(has_row_bias(graph, b.graph().node(0))) << tensor::to_string(shape);
  }
  OnnxBuilder scaled = gemm_model({4, 4}, 2);
  TensorInfos infos;
  split_gemm_bias(scaled.model(), infos);
  EXPECT_EQ(scaled.graph().node_size(), 1);
}

/// What ONNX Runtime folds into one Gemm.
TEST(SplitGemmBias, AResidualBehindAMatMul) {
  OnnxBuilder b;
  b.input("x", {4, 6});
  b.weights("w", {6, 6}, 0.5f);
  b.weights("v", {6, 6}, 0.5f);
  b.node("MatMul", {"x", "w"}, {"m"});
  b.node("Add", {"m", "x"}, {"r"});
  b.node("MatMul", {"r", "v"}, {"n"});
  b.node("Add", {"n", "r"}, {"s"});
  b.node("Tanh", {"s"}, {"y"});
  b.output("y", {4, 6});
  const auto quantized = check_quantization(b.model(), {{"Gemm", 0}, {"MatMul", 0}}, 25);
  EXPECT_EQ(quantized.annotation.weighted.size(), 2u);
}

/// A gate that is closed for good in one channel takes no codes from the others.
TEST(SplitGemmBias, ABiasThatTakesTheRangeBecomesAnAdd) {
  for (const std::string bound : {"Sigmoid", "Relu"}) {
    OnnxBuilder b;
    b.input("x", {4, 6});
    b.weights("w", {6, 4});
    b.weights("v", {4, 4});
    b.initializer("bias", {4}, std::vector<float>{0, -1e9f, 0.1f, 0.2f});
    b.node("Gemm", {"x", "w", "bias"}, {"g"});
    b.node(bound, {"g"}, {"s"});
    b.node("MatMul", {"s", "v"}, {"y"});
    b.output("y", {4, 4});
    const auto quantized = check_quantization(b.model(), {{"Gemm", 0}, {"MatMul", 0}});
    const bool is_split = quantized.annotation.find("s")->hides_float == false;
    EXPECT_EQ(is_split, bound == "Sigmoid");
  }
}

/// Classes that are never to be chosen: the product is integer, the sum is not.
TEST(SplitGemmBias, InfinityBecomesAnAdd) {
  OnnxBuilder b;
  b.input("x", {4, 6});
  b.weights("w", {6, 4});
  b.initializer("bias", {4}, std::vector<float>{0, -INFINITY, 1, 2});
  b.node("Gemm", {"x", "w", "bias"}, {"y"});
  b.output("y", {4, 4});
  const auto sample = test_support::random_sample(b.model(), 1);
  const auto quantized = test_support::quantize(b.model(), {sample});
  EXPECT_EQ(quantized.annotation.weighted.size(), 1u);
  EXPECT_TRUE(quantized.weights.at(0).bias.empty());
  const auto y = test_support::run(quantized.model, sample, engine::OptimizationLevel::kAll);
  for (size_t row = 0; row < 4; ++row) {
    EXPECT_EQ(y.at("y").floats()[4 * row + 1], -INFINITY);
    EXPECT_TRUE(std::isfinite(y.at("y").floats()[4 * row + 2]));
  }
}

}  // namespace
}  // namespace rangefinder::passes
