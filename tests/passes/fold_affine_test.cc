#include "passes/fold_affine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;

/// x -> Conv -> c, with or without bias.
OnnxBuilder conv_model(bool with_bias = true) {
  OnnxBuilder b;
  b.input("x", {2, 3, 4, 4});
  b.weights("w", {5, 3, 1, 1});
  b.weights("bias", {5});
  b.node(
      "Conv",
      with_bias ? std::vector<std::string>{"x", "w", "bias"} : std::vector<std::string>{"x", "w"},
      {"c"});
  return b;
}

/// Folds, checks that the values stay, and returns how many nodes are left.
int fold(OnnxBuilder b) {
  b.output("y", {2, 5, 4, 4});
  const onnx::ModelProto before = b.model();
  fold_affine(b.model());
  const auto sample = test_support::random_sample(before, 3);
  for (const auto& [name, value] : test_support::run(before, sample)) {
    EXPECT_GE(test_support::sqnr_db(value, test_support::run(b.model(), sample).at(name)), 110)
        << name;
  }
  return b.graph().node_size();
}

TEST(FoldAffine, NumbersAndRowsOfChannels) {
  for (const auto& shape : std::vector<std::vector<int64_t>>{
           {}, {1}, {1, 1, 1}, {1, 1, 1, 1}, {5, 1, 1}, {1, 5, 1, 1}}) {
    for (const std::string type : {"Mul", "Add"}) {
      for (const bool constant_first : {false, true}) {
        for (const bool with_bias : {false, true}) {
          OnnxBuilder b = conv_model(with_bias);
          b.weights("k", shape, 3);
          if (constant_first) {
            b.node(type, {"k", "c"}, {"y"});
          } else {
            b.node(type, {"c", "k"}, {"y"});
          }
          EXPECT_EQ(fold(b), 1) << type << " " << tensor::to_string(shape);
        }
      }
    }
  }
}

TEST(FoldAffine, ChainsFoldAsAWhole) {
  OnnxBuilder b = conv_model();
  b.weights("k1", {5, 1, 1}, 3);
  b.initializer("k2", {1}, std::vector<float>{-2});
  b.weights("k3", {1, 5, 1, 1}, 3);
  b.node("Mul", {"c", "k1"}, {"m"});
  b.node("Add", {"m", "k2"}, {"a"});
  b.node("Mul", {"a", "k3"}, {"y"});
  EXPECT_EQ(fold(b), 1);
}

TEST(FoldAffine, LeavesWhatIsNotPerChannel) {
  // Along the width, per pixel, per sample, more dimensions than the convolution.
  for (const auto& shape :
       std::vector<std::vector<int64_t>>{{4}, {1, 4, 4}, {2, 1, 1, 1}, {5, 4, 4}}) {
    OnnxBuilder b = conv_model();
    b.weights("k", shape);
    b.node("Mul", {"c", "k"}, {"y"});
    EXPECT_EQ(fold(b), 2) << tensor::to_string(shape);
  }
}

TEST(FoldAffine, LeavesAConvThatOthersRead) {
  OnnxBuilder b = conv_model();
  b.weights("k", {1}, 3);
  b.node("Mul", {"c", "k"}, {"m"});
  b.node("Add", {"m", "c"}, {"y"});
  EXPECT_EQ(fold(b), 3);
  OnnxBuilder output = conv_model();
  output.weights("k", {1}, 3);
  output.node("Mul", {"c", "k"}, {"y"});
  output.output("c", {2, 5, 4, 4});
  EXPECT_EQ(fold(output), 2);
}

TEST(FoldAffine, SharedWeightsStayForTheOther) {
  OnnxBuilder b = conv_model();
  b.weights("k", {1}, 3);
  b.node("Mul", {"c", "k"}, {"m"});
  b.node("Conv", {"x", "w", "bias"}, {"c2"});
  b.node("Sub", {"m", "c2"}, {"y"});
  EXPECT_EQ(fold(b), 3);
}

TEST(FoldAffine, LeavesInfinityToTheRuntime) {
  OnnxBuilder b = conv_model();
  b.initializer("k", {1}, std::vector<float>{std::numeric_limits<float>::infinity()});
  b.node("Mul", {"c", "k"}, {"y"});
  b.output("y", {2, 5, 4, 4});
  fold_affine(b.model());
  EXPECT_EQ(b.graph().node_size(), 2);
}

TEST(FoldAffine, OneDimensionalConvolution) {
  OnnxBuilder b;
  b.input("x", {2, 3, 8});
  b.weights("w", {5, 3, 2});
  b.node("Conv", {"x", "w"}, {"c"});
  b.weights("k", {5, 1}, 2);
  b.node("Add", {"c", "k"}, {"y"});
  b.output("y", {2, 5, 7});
  const onnx::ModelProto before = b.model();
  fold_affine(b.model());
  ASSERT_EQ(b.graph().node_size(), 1);
  const auto sample = test_support::random_sample(before, 3);
  EXPECT_GE(test_support::sqnr_db(test_support::run(before, sample).at("y"),
                                  test_support::run(b.model(), sample).at("y")),
            110);
}

TEST(FoldAffine, NotBeyondFloat32) {
  for (const std::string type : {"Mul", "Add"}) {
    OnnxBuilder b;
    b.input("x", {2, 3, 4, 4});
    b.weights("w", {5, 3, 1, 1}, 1e20f);
    b.initializer("bias", {5}, std::vector<float>(5, 3e38f));
    b.node("Conv", {"x", "w", "bias"}, {"c"});
    b.initializer("k", {}, std::vector<float>{type == "Mul" ? 1e25f : 3e38f});
    b.node(type, {"c", "k"}, {"y"});
    fold_affine(b.model());
    EXPECT_EQ(b.graph().node_size(), 2) << type;
  }
}

}  // namespace
}  // namespace rangefinder::passes
