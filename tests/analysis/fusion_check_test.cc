#include "analysis/fusion_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::analysis {
namespace {

using test_support::OnnxBuilder;
using testing::HasSubstr;

engine::ModelSource source(const onnx::ModelProto& model) {
  return engine::ModelSource(graph::serialize(model), "model.onnx");
}

/// Two Conv, one Gemm, one MatMul to float, and one Gemm that must stay float.
OnnxBuilder mixed_model() {
  OnnxBuilder b;
  b.input("x", {4, 3, 8, 8});
  b.weights("w0", {8, 3, 3, 3}, 0.5f);
  b.weights("w1", {4, 8, 1, 1}, 0.5f);
  b.node("Conv", {"x", "w0"}, {"c0"}).proto().set_name("first_token_7");
  b.node("Relu", {"c0"}, {"r0"});
  b.node("Conv", {"r0", "w1"}, {"c1"});
  b.node("GlobalAveragePool", {"c1"}, {"p"});
  b.node("Flatten", {"p"}, {"f"});
  b.weights("w2", {4, 6}, 0.5f);
  b.weights("b2", {6}, 0.5f);
  b.node("Gemm", {"f", "w2", "b2"}, {"g"});
  b.weights("w3", {6, 4}, 0.5f);
  b.node("MatMul", {"g", "w3"}, {"m"});
  b.input("w4", {4, 6});
  b.node("Gemm", {"m", "w4"}, {"y"});
  b.output("y", {4, 6});
  return b;
}

TEST(FusionCheck, CountsIntegerKernelsAndNamesTheOthers) {
  OnnxBuilder b = mixed_model();
  const auto sample = test_support::random_sample(b.model(), 1);
  const auto quantized = test_support::quantize(b.model(), {sample});
  const FusionReport report = check_fusion(source(quantized.model), quantized.annotation);
  EXPECT_EQ(report.eligible_nodes, 5u);
  EXPECT_EQ(report.integer_nodes, 4u) << "the layout change renames Conv nodes";
  ASSERT_EQ(report.float_nodes.size(), 1u);
  EXPECT_EQ(report.float_nodes[0].name, "Gemm_y");
  EXPECT_THAT(report.float_nodes[0].reason, HasSubstr("not constant"));
}

TEST(FusionCheck, AFloatModelHasNone) {
  OnnxBuilder b = mixed_model();
  const auto sample = test_support::random_sample(b.model(), 1);
  const auto quantized = test_support::quantize(b.model(), {sample});
  const FusionReport report = check_fusion(source(quantized.prepared.model), quantized.annotation);
  EXPECT_EQ(report.integer_nodes, 0u);
  EXPECT_EQ(report.float_nodes.size(), report.eligible_nodes);
  for (const auto& node : report.float_nodes) EXPECT_FALSE(node.reason.empty()) << node.name;
}

TEST(FusionCheck, KernelsAreKnownWithoutTheAnnotation) {
  OnnxBuilder b = mixed_model();
  const auto sample = test_support::random_sample(b.model(), 1);
  const auto quantized = test_support::quantize(b.model(), {sample});
  const FusionReport integer = check_fusion(source(quantized.model));
  EXPECT_EQ(integer.integer_nodes, 4u);
  EXPECT_EQ(integer.eligible_nodes, 5u);
  const FusionReport real = check_fusion(source(b.model()));
  EXPECT_EQ(real.integer_nodes, 0u);
  EXPECT_EQ(real.eligible_nodes, 5u);
}

TEST(FusionCheck, AModelThatDoesNotLoadIsAnError) {
  try {
    check_fusion(engine::ModelSource("no model", "broken.onnx"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("broken.onnx"));
  }
}

}  // namespace
}  // namespace rangefinder::analysis
