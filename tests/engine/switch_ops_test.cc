#include "engine/switch_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"
#include "engine/session.h"
#include "engine/switches.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::Shape;
using tensor::Tensor;
using test_support::OnnxBuilder;

constexpr size_t kNumber = 3;

OnnxBuilder::Node add(OnnxBuilder& b, const char* op, const std::vector<std::string>& inputs) {
  b.import(kOperatorDomain);
  auto node = b.node(op, inputs, {"y"});
  node.proto().set_domain(kOperatorDomain);
  return node.integer(kSwitchAttribute, kNumber);
}

Tensor run(const OnnxBuilder& b, const Tensor& x) {
  Session session(ModelSource(b.bytes(), "m.onnx"), {.has_switches = true});
  return session.run({{"x", x}}).at("y");
}

Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::from_floats(std::move(shape), values);
}

TEST(RoundOp, RoundsToCodesWhileItsSwitchIsOn) {
  OnnxBuilder b;
  b.input("x", {-1});
  add(b, kRoundOperator, {"x"})
      .real(kScaleAttribute, 0.5f)
      .integer(kZeroPointAttribute, 2)
      .integer(kLeastCodeAttribute, 0)
      .integer(kLargestCodeAttribute, 255);
  b.output("y", {-1});
  const Tensor x = floats({5}, {0.3f, 0.25f, -9, 1000, 0.75f});
  EXPECT_EQ(run(b, x), x);
  const SwitchedOn scope(kNumber);
  EXPECT_EQ(run(b, x), floats({5}, {0.5f, 0, -1, 126.5f, 1})) << "ties to even, clipped";
  const SwitchedOn other(kNumber + 1);
  EXPECT_EQ(run(b, x), x);
}

OnnxBuilder restoring(const Shape& shape, const std::vector<int8_t>& codes,
                      const std::vector<float>& scales, int64_t axis) {
  OnnxBuilder b;
  b.input("x", shape);
  auto* constant = b.graph().add_initializer();
  constant->set_name("codes");
  constant->set_data_type(onnx::TensorProto::INT8);
  constant->set_raw_data(codes.data(), codes.size());
  for (const int64_t d : shape) constant->add_dims(d);
  b.initializer("scales", {static_cast<int64_t>(scales.size())}, scales);
  add(b, kRestoreOperator, {"x", "codes", "scales"}).integer(kAxisAttribute, axis);
  b.output("y", shape);
  return b;
}

TEST(RestoreOp, RestoresAlongItsAxis) {
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const std::vector<int8_t> codes = {1, 2, 3, -4, -5, -6};
  EXPECT_EQ(run(restoring({2, 3}, codes, {2, 10}, 0), x), x);
  const SwitchedOn scope(kNumber);
  EXPECT_EQ(run(restoring({2, 3}, codes, {2, 10}, 0), x), floats({2, 3}, {2, 4, 6, -40, -50, -60}));
  EXPECT_EQ(run(restoring({2, 3}, codes, {1, 2, 3}, 1), x),
            floats({2, 3}, {1, 4, 9, -4, -10, -18}));
  EXPECT_EQ(run(restoring({2, 3}, codes, {2}, 0), x), floats({2, 3}, {2, 4, 6, -8, -10, -12}));
}

TEST(RestoreOp, RefusesScalesThatDoNotFit) {
  const SwitchedOn scope(kNumber);
  EXPECT_THROW(
      run(restoring({2, 3}, {1, 2, 3, 4, 5, 6}, {1, 2, 3}, 0), floats({2, 3}, {1, 2, 3, 4, 5, 6})),
      Error);
}

TEST(SelectOp, GivesTheOtherTensorWhileItsSwitchIsOn) {
  OnnxBuilder b;
  b.input("x", {-1});
  b.initializer("other", {2}, std::vector<float>{7, 8});
  add(b, kSelectOperator, {"x", "other"});
  b.output("y", {-1});
  EXPECT_EQ(run(b, floats({2}, {1, 2})), floats({2}, {1, 2}));
  const SwitchedOn scope(kNumber);
  EXPECT_EQ(run(b, floats({2}, {1, 2})), floats({2}, {7, 8}));
}

}  // namespace
}  // namespace rangefinder::engine
