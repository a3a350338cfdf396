#include "passes/constant_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::HasSubstr;

/// Four channels, each |w| sums to 2.
std::string conv_obstacle(const std::vector<float>& bias, const OutputBound& bound = {}) {
  OnnxBuilder b;
  b.initializer("w", {4, 2, 1, 1}, std::vector<float>{1, -1, -1, 1, 1, 1, -1, -1});
  b.initializer("b", {4}, bias);
  b.node("Conv", {"x", "w", "b"}, {"y"});
  graph::Graph graph(b.model());
  return constant_obstacle(graph, b.graph().node(0), bound);
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(ConstantRange, ABiasOfInfinityIsNoCode) {
  EXPECT_EQ(conv_obstacle({0, -kInfinity, 1, 2}), "its bias holds -inf");
  EXPECT_EQ(conv_obstacle({0, kInfinity, 1, 2}), "its bias holds inf");
  EXPECT_EQ(conv_obstacle({0, NAN, kInfinity, 2}), "") << "NaN is refused";
}

/// The others reach 255 * 2 + 1, one step of a range is 1/255 of it.
TEST(ConstantRange, ABiasThatTakesTheRangeOfTheOthers) {
  const float reach = 255 * 2 + 1;
  EXPECT_EQ(conv_obstacle({1, 0.99f * 255 * reach, 1, 1}), "");
  EXPECT_THAT(conv_obstacle({1, 1.01f * 255 * reach, 1, 1}), HasSubstr("in channel 1"));
  EXPECT_THAT(conv_obstacle({1, -1e9f, 1, 1}), HasSubstr("in channel 1"));
  EXPECT_THAT(conv_obstacle({1, -1e9f, -3e38f, 1}), HasSubstr("in channel 2"));
  EXPECT_THAT(conv_obstacle({-1e9f, -1e9f, -1e9f, 1}), HasSubstr("no codes"));
  EXPECT_EQ(conv_obstacle({-1e9f, -1e9f, -1e9f, -1e9f}), "") << "there are no others";
  EXPECT_EQ(conv_obstacle({0, 0, 0, 0}), "");
}

TEST(ConstantRange, WhatABoundKeepsOutTakesNothing) {
  EXPECT_EQ(conv_obstacle({1, -1e9f, 1, 1}, {.is_from_zero = true}), "");
  EXPECT_NE(conv_obstacle({1, 1e9f, 1, 1}, {.is_from_zero = true}), "");
  EXPECT_EQ(conv_obstacle({1, 1e9f, 1, 1}, {.is_from_zero = true, .upper = 6.0f}), "");
}

std::string stack_obstacle(std::vector<float> weight) {
  OnnxBuilder b;
  b.initializer("w", {2, 2, 2}, weight);
  b.node("MatMul", {"x", "w"}, {"y"});
  graph::Graph graph(b.model());
  return constant_obstacle(graph, b.graph().node(0));
}

TEST(ConstantRange, AStackOfMatricesThatOneScaleCannotServe) {
  EXPECT_EQ(stack_obstacle({1, 2, 3, 4, 5, 6, 7, 8}), "");
  EXPECT_EQ(stack_obstacle({0, 2, 0, 4, 0, 6, 0, 8}), "") << "zeros lose nothing";
  EXPECT_THAT(stack_obstacle({1, 2, 3, 4, 5, 6, 7, 1e6f}), HasSubstr("3 of 4 columns"));
  EXPECT_EQ(stack_obstacle({1e6f, 2, 3, 1e6f, 5, 1e6f, 7, 8}), "") << "one of four";
}

TEST(ConstantRange, WhatIsNoNumberIsRefusedByName) {
  const auto refused = [](std::vector<float> weight, std::vector<float> bias) -> std::string {
    OnnxBuilder b;
    b.initializer("w", {1, 2}, weight);
    b.initializer("bias", {2}, bias);
    b.node("Gemm", {"x", "w", "bias"}, {"head"});
    graph::Graph graph(b.model());
    try {
      refuse_nonfinite(graph, b.graph().node(0));
    } catch (const Error& error) {
      EXPECT_EQ(error.place().node, "Gemm_head");
      return error.place().tensor + ": " + error.what();
    }
    return "";
  };
  EXPECT_EQ(refused({1, 2}, {3, 4}), "");
  EXPECT_EQ(refused({1, 2}, {3, -kInfinity}), "") << "such a Gemm is split";
  EXPECT_THAT(refused({1, NAN}, {3, 4}), HasSubstr("w: "));
  EXPECT_THAT(refused({1, kInfinity}, {3, 4}), HasSubstr("the weight holds inf"));
  EXPECT_THAT(refused({1, 2}, {3, NAN}), HasSubstr("the bias holds nan"));
}

TEST(ConstantRange, AGemmHasItsOutputsWhereTransBSays) {
  for (const int64_t transposed : {0, 1}) {
    OnnxBuilder b;
    // Of output 0: 1 + 1; of output 1: 1000 + 1000.
    b.initializer(
        "w", {2, 2},
        transposed ? std::vector<float>{1, 1, 1000, 1000} : std::vector<float>{1, 1000, 1, 1000});
    b.initializer("b", {2}, std::vector<float>{0, 0});
    auto gemm = b.node("Gemm", {"x", "w", "b"}, {"y"}).integer("transB", transposed);
    const auto with_bias = [&](float bias) {
      b.graph().mutable_initializer(1)->set_float_data(0, bias);
      graph::Graph graph(b.model());
      return constant_obstacle(graph, gemm.proto());
    };
    EXPECT_EQ(with_bias(0.99f * 255 * 255 * 2000), "");
    EXPECT_THAT(with_bias(-1.01f * 255 * 255 * 2000), HasSubstr("channel 0"));
    EXPECT_THAT(with_bias(-kInfinity), HasSubstr("-inf"));
  }
}

}  // namespace
}  // namespace rangefinder::passes
