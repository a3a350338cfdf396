#include "exporters/explicit_int8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "passes/tensor_infos.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::exporters {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Int8Placement place(OnnxBuilder& b) {
  return place_for_tensorrt(b.model(), passes::infer_tensors(b.model(), ""));
}

std::vector<std::string> reads(const Int8Placement& placement) {
  std::vector<std::string> found;
  for (const auto& node : placement.nodes) {
    for (const auto& read : node.activations) found.push_back(read.node + " " + read.tensor);
  }
  return found;
}

/// A residual block as TensorRT fuses it: Conv - Relu - Conv - Add with what came in - Relu.
OnnxBuilder residual_block(bool has_shortcut) {
  OnnxBuilder b;
  b.input("x", {1, 4, 6, 6});
  b.weights("w1", {4, 4, 3, 3}, 0.2f);
  b.weights("w2", {4, 4, 3, 3}, 0.2f);
  b.weights("w3", {4, 4, 1, 1}, 0.5f);
  b.weights("bias", {4}, 0.1f);
  b.node("Conv", {"x", "w1", "bias"}, {"c1"}).ints("pads", {1, 1, 1, 1});
  b.node("Relu", {"c1"}, {"r1"});
  b.node("Conv", {"r1", "w2"}, {"c2"}).ints("pads", {1, 1, 1, 1});
  if (has_shortcut) b.node("Conv", {"x", "w3"}, {"short"});
  b.node("Add", {"c2", has_shortcut ? "short" : "x"}, {"sum"});
  b.node("Relu", {"sum"}, {"y"});
  b.output("y", {1, 4, 6, 6});
  return b;
}

TEST(ExplicitInt8, PairsStandAtInputsOfProductsAndAtTheResidual) {
  OnnxBuilder b = residual_block(false);
  const Int8Placement placement = place(b);
  EXPECT_THAT(reads(placement), ElementsAre("Conv_c1 x", "Conv_c2 r1", "Add_sum x"));
  EXPECT_THAT(placement.activations(), ElementsAre("x", "r1"));
  EXPECT_THAT(placement.left_float, IsEmpty());
}

TEST(ExplicitInt8, OfTwoProductsTheSecondIsTheResidual) {
  OnnxBuilder b = residual_block(true);
  EXPECT_THAT(reads(place(b)),
              ElementsAre("Conv_c1 x", "Conv_c2 r1", "Conv_short x", "Add_sum short"));
}

TEST(ExplicitInt8, AProductMayHaveABiasAndANormalization) {
  OnnxBuilder b;
  b.input("x", {2, 4});
  b.weights("w", {4, 4});
  b.weights("bias", {4});
  b.node("MatMul", {"x", "w"}, {"m"});
  b.node("Add", {"bias", "m"}, {"biased"});
  b.node("Add", {"x", "biased"}, {"y"});
  b.output("y", {2, 4});
  EXPECT_THAT(reads(place(b)), ElementsAre("MatMul_m x", "Add_y x"));
}

TEST(ExplicitInt8, ProductsOfActivationsReadBothAndAveragesOne) {
  OnnxBuilder b;
  b.input("x", {1, 2, 4, 4});
  b.node("MatMul", {"x", "x"}, {"m"});
  b.node("AveragePool", {"m"}, {"p"}).ints("kernel_shape", {2, 2});
  b.node("Relu", {"p"}, {"y"});
  b.output("y", {1, 2, 3, 3});
  EXPECT_THAT(reads(place(b)), ElementsAre("MatMul_m x", "MatMul_m x", "AveragePool_p m"));
}

TEST(ExplicitInt8, WhatCannotBeInt8SaysWhy) {
  OnnxBuilder b;
  b.input("x", {1, 1, 4, 4});
  b.input("w", {1, 1, 2, 2});
  b.input("d", {2, 2}, onnx::TensorProto::DOUBLE);
  b.node("Conv", {"x", "w"}, {"y"});
  b.node("MatMul", {"d", "d"}, {"z"});
  b.output("y", {1, 1, 3, 3});
  b.output("z", {2, 2}, onnx::TensorProto::DOUBLE);
  const Int8Placement placement = place(b);
  EXPECT_THAT(placement.nodes, IsEmpty());
  ASSERT_EQ(placement.left_float.size(), 2);
  EXPECT_THAT(placement.left_float[0].reason, HasSubstr("computed"));
  EXPECT_THAT(placement.left_float[1].reason, HasSubstr("float32"));
}

const onnx::TensorProto* constant(const onnx::ModelProto& model, const std::string& name) {
  for (const auto& each : model.graph().initializer()) {
    if (each.name() == name) return &each;
  }
  return nullptr;
}

TEST(ExplicitInt8, WritesWhatTensorRtReads) {
  OnnxBuilder b = residual_block(true);
  const Int8Placement placement = place(b);
  const Int8Written written =
      write_explicit_int8(b.model(), placement, [](const std::string&) { return 0.02f; });
  EXPECT_EQ(written.weighted_count, 3);
  EXPECT_EQ(written.activation_pair_count, 3) << "x is read three times behind one pair";
  EXPECT_EQ(written.weight_pair_count, 3);
  std::map<std::string, const onnx::NodeProto*> makers;
  for (const auto& node : b.model().graph().node()) makers[node.output(0)] = &node;
  for (const auto& node : b.model().graph().node()) {
    if (node.op_type() == "Conv") {
      EXPECT_EQ(makers.at(node.input(0))->op_type(), "DequantizeLinear");
      EXPECT_EQ(makers.at(node.input(1))->op_type(), "DequantizeLinear");
      EXPECT_TRUE(node.input_size() == 2 || node.input(2) == "bias") << "biases stay float";
    }
    if (node.op_type() != "QuantizeLinear") continue;
    const auto* zero = constant(b.model(), node.input(2));
    ASSERT_NE(zero, nullptr);
    EXPECT_EQ(zero->data_type(), onnx::TensorProto::INT8);
    EXPECT_EQ(zero->raw_data().find_first_not_of('\0'), std::string::npos);
  }
  EXPECT_EQ(makers.at("y")->op_type(), "Relu");
  EXPECT_EQ(makers.at(makers.at("y")->input(0))->op_type(), "Add") << "nothing between them";
}

TEST(ExplicitInt8, ComputesNearlyWhatTheFloatModelDoes) {
  OnnxBuilder b = residual_block(true);
  const auto sample = test_support::random_sample(b.model(), 3);
  const auto before = test_support::run(b.model(), sample).at("y");
  const Int8Placement placement = place(b);
  write_explicit_int8(b.model(), placement, [](const std::string&) { return 4.0f / 127; });
  EXPECT_GT(test_support::sqnr_db(before, test_support::run(b.model(), sample).at("y")), 25);
}

TEST(ExplicitInt8, WithoutAScaleANodeStaysFloatAndIsTold) {
  OnnxBuilder b = residual_block(false);
  const Int8Placement placement = place(b);
  const Int8Written written = write_explicit_int8(
      b.model(), placement, [](const std::string& tensor) -> std::optional<float> {
        if (tensor == "r1") return std::nullopt;
        return 0.02f;
      });
  EXPECT_EQ(written.weighted_count, 1);
  ASSERT_EQ(written.left_float.size(), 1);
  EXPECT_EQ(written.left_float[0].name, "Conv_c2");
  EXPECT_THAT(written.left_float[0].reason, HasSubstr("'r1'"));
  for (const auto& node : b.model().graph().node()) {
    EXPECT_TRUE(node.name() != "Conv_c2" || node.input(1) == "w2") << "nor are its weights codes";
  }
}

TEST(ExplicitInt8, OneWeightReadAlongTwoAxesHasTwoPairs) {
  OnnxBuilder b;
  b.input("x", {2, 4});
  b.weights("w", {4, 4});
  b.node("Gemm", {"x", "w"}, {"g1"});
  b.node("Gemm", {"x", "w"}, {"g2"}).integer("transB", 1);
  b.node("Gemm", {"x", "w"}, {"g3"});
  b.node("Sum", {"g1", "g2", "g3"}, {"y"});
  b.output("y", {2, 4});
  const Int8Placement placement = place(b);
  const auto written =
      write_explicit_int8(b.model(), placement, [](const std::string&) { return 0.02f; });
  EXPECT_EQ(written.weight_pair_count, 2);
  EXPECT_NO_THROW(test_support::run(b.model(), test_support::random_sample(b.model(), 1)));
}

}  // namespace
}  // namespace rangefinder::exporters
