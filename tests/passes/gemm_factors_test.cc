#include "passes/gemm_factors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/quantization_checks.h"

namespace rangefinder::passes {
namespace {

using test_support::check_quantization;
using test_support::OnnxBuilder;
using testing::IsEmpty;

/// What ONNX Runtime's clean-up folds into one Gemm with transA.
TEST(SplitGemmFactors, ATransposeBeforeALinearLayerIsAMoveOfCodes) {
  OnnxBuilder b;
  b.input("x", {12, 8});
  b.weights("w", {8, 8}, 0.5f);
  b.weights("v", {12, 6}, 0.4f);
  b.weights("bias", {6}, 0.5f);
  b.node("MatMul", {"x", "w"}, {"a"});
  b.node("Relu", {"a"}, {"r"});
  b.node("Transpose", {"r"}, {"t"}).ints("perm", {1, 0});
  b.node("MatMul", {"t", "v"}, {"m"});
  b.node("Add", {"m", "bias"}, {"y"});
  b.output("y", {8, 6});
  const auto quantized =
      check_quantization(b.model(), {{"Gemm", 0}, {"QGemm", 1}, {"MatMul", 0}}, 25);
  EXPECT_THAT(quantized.annotation.left_float, IsEmpty());
  EXPECT_EQ(quantized.annotation.weighted.size(), 2u);
}

TEST(SplitGemmFactors, TheFactorsAreTheSameWithAnyAttributes) {
  for (const bool trans_b : {false, true}) {
    for (const bool computed : {false, true}) {
      OnnxBuilder b;
      b.input("x", {7, 4});
      if (computed) {
        b.input("w", trans_b ? std::vector<int64_t>{5, 7} : std::vector<int64_t>{7, 5});
      } else {
        b.weights("w", trans_b ? std::vector<int64_t>{5, 7} : std::vector<int64_t>{7, 5}, 0.5f);
      }
      b.input("c", {4, 1});
      b.node("Gemm", {"x", "w", "c"}, {"y"})
          .integer("transA", 1)
          .integer("transB", trans_b)
          .real("alpha", 0.25f)
          .real("beta", -2);
      b.output("y", {4, 5});
      const onnx::ModelProto before = b.model();
      TensorInfos infos;
      for (const char* name : {"x", "w", "c", "y"}) {
        infos[name] = {tensor::ElementType::kFloat32, std::nullopt};
      }
      split_gemm_factors(b.model(), infos);
      for (const auto& node : b.graph().node()) {
        EXPECT_TRUE(node.op_type() != "Gemm" || !computed);
        EXPECT_TRUE(infos.contains(node.output(0))) << node.output(0);
      }
      const auto sample = test_support::random_sample(before, 1);
      EXPECT_GE(test_support::sqnr_db(test_support::run(before, sample).at("y"),
                                      test_support::run(b.model(), sample).at("y")),
                110);
    }
  }
}

/// Two activations and a row: ONNX Runtime makes a Gemm of them, whose weight is not constant.
TEST(SplitGemmFactors, AProductOfActivationsWithAnAddRunsAsTheUsersMatMul) {
  OnnxBuilder b;
  b.input("x", {6, 8});
  b.input("z", {8, 5});
  b.weights("bias", {5}, 0.5f);
  b.node("MatMul", {"x", "z"}, {"m"});
  b.node("Add", {"m", "bias"}, {"y"});
  b.output("y", {6, 5});
  const auto quantized = check_quantization(b.model(), {{"Gemm", 0}, {"MatMul", 0}}, 25);
  EXPECT_EQ(quantized.annotation.weighted.size(), 1u);
}

TEST(SplitGemmFactors, WhatTheUserWroteWithAComputedWeightStays) {
  OnnxBuilder b;
  b.input("x", {6, 8});
  b.input("z", {8, 5});
  b.node("Gemm", {"x", "z"}, {"y"});
  b.output("y", {6, 5});
  EXPECT_THAT(gemm_outputs(b.model()), testing::ElementsAre("y"));
  const std::string before = b.bytes();
  TensorInfos infos;
  infos["y"] = {tensor::ElementType::kFloat32, tensor::Shape{6, 5}};
  split_gemm_factors(b.model(), infos, gemm_outputs(b.model()));
  EXPECT_EQ(b.bytes(), before);
}

}  // namespace
}  // namespace rangefinder::passes
