#include "passes/gemm_bias.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace rangefinder::passes
