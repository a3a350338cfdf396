#include "engine/observe_op.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/error.h"
#include "engine/per_worker.h"
#include "engine/session.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::ElementType;
using tensor::Tensor;
using test_support::OnnxBuilder;
using testing::HasSubstr;

/// y = Relu(x), and an Observe node that counts y into slot `index`.
std::string observed_relu(int64_t index, int32_t type = onnx::TensorProto::FLOAT, int64_t axis = -1,
                          bool makes_token = true) {
  OnnxBuilder b;
  b.import(kOperatorDomain);
  b.input("x", {-1, 2}, type);
  b.node("Relu", {"x"}, {"y"});
  b.node(kObserveOperator, {"y"}, {"token"})
      .integer(kTensorAttribute, index)
      .integer(kChannelAxisAttribute, axis)
      .integer(kBlockAttribute, 0)
      .integer(kChannelsAttribute, 0)
      .integer(kKeepsRowsAttribute, 0)
      .integer(kKeepsSpreadAttribute, 0)
      .integer(kSpreadAxisAttribute, -1)
      .integer(kKeepsSumsAttribute, 0)
      .integer(kSumAxisAttribute, -1)
      .integer(kIsCountedAttribute, 1)
      .integer(kRowAxisAttribute, -1)
      .integer(kMakesTokenAttribute, makes_token ? 1 : 0)
      .proto()
      .set_domain(kOperatorDomain);
  b.output("y", {-1, 2}, type);
  b.output("token", {}, onnx::TensorProto::UINT8);
  return b.bytes();
}

TEST(ObserveOp, CountsInFlight) {
  WorkerSlots slots(1, 2);
  Session session(ModelSource(observed_relu(1), ""), {.observe = &slots});
  session.execute({{"x", Tensor::from_floats({1, 2}, std::vector<float>{-3, 4})}});
  session.execute({{"x", Tensor::from_floats({2, 2}, std::vector<float>{1, -1, 2, 0})}});
  EXPECT_TRUE(slots.worker(0).slots()[0].channels.empty());
  ASSERT_EQ(slots.worker(0).slots()[1].channels.size(), 1u);
  EXPECT_EQ(slots.worker(0).slots()[1].channels[0].count(), 6u);
  EXPECT_EQ(slots.worker(0).slots()[1].channels[0].histogram.zero_count(), 3u);
  EXPECT_EQ(slots.worker(0).slots()[1].channels[0].extrema.max, 4);
}

TEST(ObserveOp, ItsOutputIsAScalarOfZero) {
  WorkerSlots slots(1, 1);
  Session session(ModelSource(observed_relu(0), ""), {.fetch = {"token"}, .observe = &slots});
  const auto result = session.run({{"x", Tensor(ElementType::kFloat32, {1, 2})}});
  ASSERT_EQ(result.size(), 1u);
  EXPECT_EQ(result.at("token"), Tensor(ElementType::kUint8, {}));
}

TEST(ObserveOp, CountsWithoutAnOutputThatNobodyAsksFor) {
  WorkerSlots slots(1, 1);
  Session session(ModelSource(observed_relu(0, onnx::TensorProto::FLOAT, -1, false), ""),
                  {.fetch = {"y"}, .observe = &slots});
  for (int run = 0; run < 3; ++run) session.execute({{"x", Tensor(ElementType::kFloat32, {1, 2})}});
  EXPECT_EQ(slots.worker(0).slots()[0].channels[0].count(), 6u);
}

TEST(ObserveOp, EachSessionCountsForItself) {
  WorkerSlots first(1, 1);
  WorkerSlots second(1, 1);
  Session a(ModelSource(observed_relu(0), ""), {.observe = &first});
  Session b(ModelSource(observed_relu(0), ""), {.observe = &second});
  a.execute({{"x", Tensor(ElementType::kFloat32, {1, 2})}});
  b.execute({{"x", Tensor(ElementType::kFloat32, {5, 2})}});
  EXPECT_EQ(first.worker(0).slots()[0].channels[0].count(), 2u);
  EXPECT_EQ(second.worker(0).slots()[0].channels[0].count(), 10u);
}

TEST(ObserveOp, SeveralThreadsOfOneSessionCountApart) {
  WorkerSlots slots(3, 1);
  Session session(ModelSource(observed_relu(0), ""), {.observe = &slots});
  std::vector<std::jthread> threads;
  for (size_t worker = 0; worker < 3; ++worker) {
    threads.emplace_back([&, worker] {
      slots.enter(worker);
      for (size_t run = 0; run < 100; ++run) {
        session.execute(
            {{"x", Tensor(ElementType::kFloat32, {static_cast<int64_t>(worker) + 1, 2})}});
      }
    });
  }
  threads.clear();
  for (size_t worker = 0; worker < 3; ++worker) {
    EXPECT_EQ(slots.worker(worker).slots()[0].channels[0].count(), 200 * (worker + 1));
  }
}

TEST(ObserveOp, CountsHalfPrecision) {
  WorkerSlots slots(1, 1);
  Session session(ModelSource(observed_relu(0, onnx::TensorProto::FLOAT16), ""),
                  {.observe = &slots});
  session.execute({{"x", Tensor::from_floats({1, 2}, std::vector<float>{0.5f, 70000})}});
  EXPECT_EQ(slots.worker(0).slots()[0].channels[0].extrema.min, 0.5f);
  EXPECT_EQ(slots.worker(0).slots()[0].channels[0].extrema.positive_infinity_count, 1u);
}

TEST(ObserveOp, WhatItCannotCountFailsTheRun) {
  WorkerSlots slots(1, 1);
  const auto fails = [&](const std::string& bytes, const Tensor& x, const char* why) {
    Session session(ModelSource(bytes, "m.onnx"), {.observe = &slots});
    try {
      session.execute({{"x", x}}, "s.npy");
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(why));
      EXPECT_THAT(error.what(), HasSubstr("s.npy"));
    }
  };
  fails(observed_relu(7), Tensor(ElementType::kFloat32, {1, 2}), "no such observed tensor");
  fails(observed_relu(0, onnx::TensorProto::FLOAT, 2), Tensor(ElementType::kFloat32, {1, 2}),
        "no channel axis 2");
  fails(observed_relu(0, onnx::TensorProto::DOUBLE), Tensor(ElementType::kFloat64, {1, 2}),
        "cannot observe float64");
}

TEST(ObserveOp, ASessionWithoutSlotsRefusesTheOperator) {
  EXPECT_THROW(Session(ModelSource(observed_relu(0), "")), Error);
}

}  // namespace
}  // namespace rangefinder::engine
