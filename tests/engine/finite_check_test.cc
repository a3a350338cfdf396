#include "engine/finite_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::NamedTensors;
using tensor::Tensor;
using test_support::OnnxBuilder;
using testing::AllOf;
using testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// p = Softmax(x w + mask).
ModelSource masked() {
  OnnxBuilder b;
  b.input("x", {1, 4});
  b.input("mask", {1, 3});
  b.weights("w", {4, 3});
  b.node("MatMul", {"x", "w"}, {"s"});
  b.node("Add", {"s", "mask"}, {"m"});
  b.node("Softmax", {"m"}, {"p"});
  b.output("p", {1, 3});
  return {b.bytes(), "masked.onnx"};
}

NamedTensors sample(float x, float mask) {
  return {{"x", Tensor::from_floats({1, 4}, std::vector<float>{x, 1, 2, 3})},
          {"mask", Tensor::from_floats({1, 3}, std::vector<float>{mask, 0, 0})}};
}

TEST(FiniteCheck, LooksAtTheseTensorsAlone) {
  FiniteCheck check(masked(), {{"x"}, {"p"}});
  EXPECT_NO_THROW(check.require(sample(1, -kInfinity), "legal"));
  try {
    check.require(sample(NAN, 0), "bad.npz");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("'x'"), HasSubstr("NaN"), HasSubstr("bad.npz")));
  }
  EXPECT_NO_THROW(check.require(sample(1, 0), "the next")) << "is not blamed for the last";
  FiniteCheck inner(masked(), {{"m"}});
  EXPECT_THROW(inner.require(sample(1, -kInfinity), "seen behind the Add"), Error);
}

TEST(FiniteCheck, WithoutTensorsNothingIsRun) {
  FiniteCheck check({"rubbish", "bad.onnx"}, {});
  EXPECT_NO_THROW(check.require(sample(NAN, NAN), "any"));
}

}  // namespace
}  // namespace rangefinder::engine
