#include "passes/hard_swish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/quantization_checks.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;

/// x -> Neg -> n, and the constants of a HardSwish.
OnnxBuilder start() {
  OnnxBuilder b;
  b.input("x", {2, 50});
  b.node("Neg", {"x"}, {"n"});
  b.initializer("three", {}, std::vector<float>{3});
  b.initializer("zero", {}, std::vector<float>{0});
  b.initializer("six", {}, std::vector<float>{6});
  b.initializer("sixth", {1}, std::vector<float>{1.0f / 6});
  b.node("Add", {"n", "three"}, {"plus"});
  b.node("Clip", {"plus", "zero", "six"}, {"clip"});
  return b;
}

std::vector<std::string> rewrite(OnnxBuilder b) {
  b.output("y", {2, 50});
  const onnx::ModelProto before = b.model();
  TensorInfos infos;
  infos["y"] = {tensor::ElementType::kFloat32, tensor::Shape{2, 50}};
  write_hard_swish(b.model(), infos);
  auto sample = test_support::random_sample(before, 3);
  for (float& x : sample.at("x").floats()) x *= 3;  // beyond both bounds
  EXPECT_GE(test_support::sqnr_db(test_support::run(before, sample).at("y"),
                                  test_support::run(b.model(), sample).at("y")),
            110);
  std::vector<std::string> types;
  for (const auto& node : b.graph().node()) {
    types.push_back(node.op_type());
    EXPECT_TRUE(node.op_type() != "HardSigmoid" || infos.contains(node.output(0)));
  }
  return types;
}

TEST(HardSwish, EveryOrderOfItsOperators) {
  const auto rewritten = ElementsAre("Neg", "HardSigmoid", "Mul");
  for (const bool gate_first : {false, true}) {
    const auto mul = [&](OnnxBuilder& b, const std::string& gate, const std::string& y) {
      if (gate_first) {
        b.node("Mul", {gate, "n"}, {y});
      } else {
        b.node("Mul", {"n", gate}, {y});
      }
    };
    OnnxBuilder divided = start();
    mul(divided, "clip", "product");
    divided.node("Div", {"product", "six"}, {"y"});
    EXPECT_THAT(rewrite(divided), rewritten);
    OnnxBuilder multiplied = start();
    mul(multiplied, "clip", "product");
    multiplied.node("Mul", {"sixth", "product"}, {"y"});
    EXPECT_THAT(rewrite(multiplied), rewritten);
    OnnxBuilder gated = start();
    gated.node("Div", {"clip", "six"}, {"gate"});
    mul(gated, "gate", "y");
    EXPECT_THAT(rewrite(gated), rewritten);
    OnnxBuilder scaled = start();
    scaled.node("Mul", {"clip", "sixth"}, {"gate"});
    mul(scaled, "gate", "y");
    EXPECT_THAT(rewrite(scaled), rewritten);
  }
}

TEST(HardSwish, LeavesWhatIsAlmostOne) {
  OnnxBuilder other_tensor = start();
  other_tensor.node("Mul", {"x", "clip"}, {"product"});
  other_tensor.node("Div", {"product", "six"}, {"y"});
  EXPECT_EQ(rewrite(other_tensor).size(), 5u);
  OnnxBuilder other_divisor = start();
  other_divisor.node("Mul", {"n", "clip"}, {"product"});
  other_divisor.node("Div", {"product", "three"}, {"y"});
  EXPECT_EQ(rewrite(other_divisor).size(), 5u);
  OnnxBuilder clip_read_twice = start();
  clip_read_twice.node("Mul", {"n", "clip"}, {"product"});
  clip_read_twice.node("Div", {"product", "six"}, {"swish"});
  clip_read_twice.node("Add", {"swish", "clip"}, {"y"});
  EXPECT_EQ(rewrite(clip_read_twice).size(), 6u);
  OnnxBuilder product_is_output = start();
  product_is_output.node("Mul", {"n", "clip"}, {"product"});
  product_is_output.node("Div", {"product", "six"}, {"y"});
  product_is_output.output("product", {2, 50});
  EXPECT_EQ(rewrite(product_is_output).size(), 5u);
}

TEST(HardSwish, TheOperatorItselfComputesOnCodes) {
  OnnxBuilder b(14);
  b.input("x", {-1, 3, 8, 8});
  b.weights("w", {8, 3, 3, 3}, 0.5f);
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("HardSwish", {"c"}, {"s"});
  b.weights("v", {4, 8, 1, 1}, 0.5f);
  b.node("Conv", {"s", "v"}, {"y"});
  b.output("y", {-1, 4, 6, 6});
  test_support::check_quantization(b.model(),
                                   {{"QLinearConv", 2}, {"QLinearMul", 1}, {"HardSigmoid", 0}});
}

}  // namespace
}  // namespace rangefinder::passes
