#include "passes/fused_bound.h"

#include <gtest/gtest.h>

#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;

std::optional<FusedBound> bound_of(OnnxBuilder& b, const std::string& tensor,
                                   std::string_view target = "ort-cpu") {
  graph::Graph graph(b.model());
  return fused_bound(graph, targets::find_target(target), tensor);
}

OnnxBuilder clipped(float low, float high) {
  OnnxBuilder b;
  b.input("x", {4});
  b.initializer("low", {}, std::vector<float>{low});
  b.initializer("high", {}, std::vector<float>{high});
  b.node("Clip", {"x", "low", "high"}, {"y"});
  b.output("y", {4});
  return b;
}

TEST(FusedBound, ReluHasNoUpperEnd) {
  OnnxBuilder b;
  b.input("x", {4});
  b.node("Relu", {"x"}, {"y"});
  b.output("y", {4});
  const auto bound = bound_of(b, "x");
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->output, "y");
  EXPECT_FALSE(bound->upper);
}

TEST(FusedBound, ClipFromZeroHasItsUpperEnd) {
  OnnxBuilder b = clipped(0, 6);
  const auto bound = bound_of(b, "x");
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->upper, 6);
}

TEST(FusedBound, OtherClipsAreNone) {
  OnnxBuilder from_below = clipped(-1, 6);
  EXPECT_FALSE(bound_of(from_below, "x"));
  OnnxBuilder to_nothing = clipped(0, 0);
  EXPECT_FALSE(bound_of(to_nothing, "x"));
}

TEST(FusedBound, ATensorThatOthersReadHasNone) {
  OnnxBuilder b = clipped(0, 6);
  b.node("Exp", {"x"}, {"z"});
  b.output("z", {4});
  EXPECT_FALSE(bound_of(b, "x"));
}

TEST(FusedBound, IsTheTargetsMatter) {
  OnnxBuilder b = clipped(0, 6);
  EXPECT_FALSE(bound_of(b, "x", "tensorrt")) << "has Relu alone";
}

TEST(ScalarConstant, IsOneFloat) {
  OnnxBuilder b;
  b.initializer("one", {1, 1}, std::vector<float>{3});
  b.initializer("two", {2}, std::vector<float>{3, 4});
  b.initializer("integer", {}, std::vector<int64_t>{3});
  graph::Graph graph(b.model());
  EXPECT_EQ(scalar_constant(graph, "one"), 3);
  EXPECT_FALSE(scalar_constant(graph, "two"));
  EXPECT_FALSE(scalar_constant(graph, "integer"));
  EXPECT_FALSE(scalar_constant(graph, "none"));
}

}  // namespace
}  // namespace rangefinder::passes
