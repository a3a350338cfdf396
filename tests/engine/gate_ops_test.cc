#include "engine/gate_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"
#include "engine/per_worker.h"
#include "engine/session.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::Shape;
using tensor::Tensor;
using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kBlock = 4;

/// y = op(x, ...) with an operator of ours.
OnnxBuilder model_of(const char* op, const std::vector<std::string>& inputs) {
  OnnxBuilder b;
  b.import(kOperatorDomain);
  for (const std::string& input : inputs) b.input(input, {-1, -1, -1, -1});
  b.node(op, inputs, {"y"}).proto().set_domain(kOperatorDomain);
  b.output("y", {-1, -1, -1, -1});
  return b;
}

OnnxBuilder blocked_model(const char* op, const std::vector<std::string>& inputs,
                          int64_t channels) {
  OnnxBuilder b = model_of(op, inputs);
  OnnxBuilder::Node(b.graph().mutable_node(0))
      .integer(kBlockAttribute, kBlock)
      .integer(kChannelsAttribute, channels);
  return b;
}

Tensor run(const OnnxBuilder& b, const tensor::NamedTensors& sample) {
  WorkerSlots unused(1, 0);
  Session session(ModelSource(b.bytes(), "m.onnx"), {.observe = &unused});
  return session.run(sample, "s.npy").at("y");
}

Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::from_floats(std::move(shape), values);
}

TEST(HardSwishOp, KeepsTheShapeAndTakesItsSlopeFromAttributes) {
  OnnxBuilder b = model_of(kHardSwishOperator, {"x"});
  OnnxBuilder::Node(b.graph().mutable_node(0)).real(kAlphaAttribute, 0.5f).real(kBetaAttribute, 0);
  const Tensor y = run(b, {{"x", floats({1, 1, 2, 2}, {-1, 0.5f, 1, 3})}});
  EXPECT_EQ(y, floats({1, 1, 2, 2}, {-0.0f, 0.125f, 0.5f, 3}));
}

TEST(ScaleChannelsOp, ScalesBlocksAndClearsThePadding) {
  const OnnxBuilder b = blocked_model(kScaleChannelsOperator, {"x", "gate"}, 3);
  // Two pictures of two positions, three channels in a block of four.
  const Tensor x = floats({2, 4, 1, 2}, {1, 2, 3, 99, 4, 5, 6, 99, 7, 8, 9, 99, 10, 11, 12, 99});
  const Tensor expected =
      floats({2, 4, 1, 2}, {1, 20, -3, 0, 4, 50, -6, 0, 0, 16, 27, 0, 0, 22, 36, 0});
  EXPECT_EQ(run(b, {{"x", x}, {"gate", floats({2, 3, 1, 1}, {1, 10, -1, 0, 2, 3})}}), expected);
  // The gate may come in blocks as well.
  EXPECT_EQ(run(b, {{"x", x}, {"gate", floats({2, 4, 1, 1}, {1, 10, -1, 9, 0, 2, 3, 9})}}),
            expected);
}

TEST(ChannelMeansOp, LeavesTheBlocks) {
  const OnnxBuilder b = blocked_model(kChannelMeansOperator, {"x"}, 6);
  std::vector<float> x(1 * 8 * 1 * 3);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  EXPECT_EQ(run(b, {{"x", floats({1, 8, 1, 3}, x)}}), floats({1, 6, 1, 1}, {4, 5, 6, 7, 16, 17}));
}

TEST(GateOps, RefuseShapesThatDoNotFit) {
  const auto why = [](const OnnxBuilder& b, const tensor::NamedTensors& sample) -> std::string {
    try {
      run(b, sample);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  const OnnxBuilder scale = blocked_model(kScaleChannelsOperator, {"x", "gate"}, 3);
  const Tensor x = floats({1, 4, 1, 1}, {1, 2, 3, 4});
  const auto scaled_by = [&](const Shape& shape) {
    return why(scale, {{"x", x}, {"gate", Tensor(tensor::ElementType::kFloat32, shape)}});
  };
  EXPECT_THAT(scaled_by({1, 2, 1, 1}), HasSubstr("[1, 4, 1, 1] cannot be scaled by [1, 2, 1, 1]"));
  EXPECT_THAT(scaled_by({2, 3, 1, 1}), HasSubstr("cannot be scaled by"));
  EXPECT_THAT(scaled_by({1, 3, 1, 2}), HasSubstr("cannot be scaled by"));
  const OnnxBuilder means = blocked_model(kChannelMeansOperator, {"x"}, 5);
  EXPECT_THAT(why(means, {{"x", x}}), HasSubstr("does not hold 5 channels in blocks of 4"));
}

}  // namespace
}  // namespace rangefinder::engine
