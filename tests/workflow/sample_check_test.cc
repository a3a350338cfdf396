#include "workflow/sample_check.h"

#include <gmock/gmock.h>

#include <limits>

#include "base/error.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using tensor::NamedTensors;
using tensor::Tensor;
using testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Scores behind a mask that is an input: Softmax(x w + mask) v.
class SampleCheckTest : public WorkflowTest {
 protected:
  SampleCheckTest() {
    test_support::OnnxBuilder b;
    b.input("x", {1, 4});
    b.input("mask", {1, 4});
    b.weights("w", {4, 4});
    b.weights("v", {4, 4});
    b.node("MatMul", {"x", "w"}, {"s"});
    b.node("Add", {"s", "mask"}, {"m"});
    b.node("Softmax", {"m"}, {"p"});
    b.node("MatMul", {"p", "v"}, {"y"});
    b.output("y", {1, 4});
    write_file(model(), b.bytes());
  }

  static NamedTensors sample(float x, float mask) {
    return {{"x", Tensor::from_floats({1, 4}, std::vector<float>{x, 1, 2, 3})},
            {"mask", Tensor::from_floats({1, 4}, std::vector<float>{mask, 0, 0, 0})}};
  }
};

TEST_F(SampleCheckTest, WhatCalibrationTakesIsTakenAndNothingElse) {
  const Plan plan = make_plan(model());
  const auto check = check_observed(plan);
  EXPECT_NO_THROW(check(sample(0, -kInfinity), "masked"));
  try {
    check(sample(kInfinity, 0), "bad.npz");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("'x': shows infinite values on bad.npz"));
  }
}

/// QuantizeLinear behind "p" alone: "x" was excluded.
TEST_F(SampleCheckTest, WithoutAPlanTheQuantizedModelTellsWhatWasObserved) {
  const auto quantized = [](const std::string& tensor) {
    test_support::OnnxBuilder b;
    b.node("QuantizeLinear", {tensor, "scale"}, {"codes"});
    b.node("DequantizeLinear", {"codes", "scale"}, {"restored"});
    b.output("restored", {1, 4});
    return engine::ModelSource(b.bytes(), "int8.onnx");
  };
  EXPECT_THROW(check_quantized(model(), quantized("x"))(sample(kInfinity, 0), "bad"), Error);
  EXPECT_NO_THROW(check_quantized(model(), quantized("p"))(sample(0, -kInfinity), "masked"));
  EXPECT_NO_THROW(check_quantized(model(), quantized("other"))(sample(kInfinity, 0), "excluded"));
}

TEST_F(SampleCheckTest, AModelThatCannotBePlannedIsNotChecked) {
  test_support::OnnxBuilder b;
  b.input("x", {1, 4});
  b.node("Neg", {"x"}, {"y"});
  b.output("y", {1, 4});
  write_file(model(), b.bytes());
  const engine::ModelSource quantized(b.bytes(), "int8.onnx");
  EXPECT_NO_THROW(check_quantized(model(), quantized)(sample(kInfinity, 0), "any"));
}

}  // namespace
}  // namespace rangefinder::workflow
