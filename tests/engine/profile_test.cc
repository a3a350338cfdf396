#include "engine/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include "base/error.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using testing::Contains;
using testing::ElementsAre;

test_support::OnnxBuilder two_products() {
  test_support::OnnxBuilder b;
  b.input("x", {1, 256});
  b.weights("w", {256, 2048});
  b.weights("v", {2048, 2});
  b.node("MatMul", {"x", "w"}, {"m"});
  b.node("Sin", {"m"}, {"s"});
  b.node("MatMul", {"s", "v"}, {"y"});
  b.output("y", {1, 2});
  return b;
}

const KernelTime& named(const std::vector<KernelTime>& times, const std::string& name) {
  for (const auto& time : times) {
    if (time.node == name) return time;
  }
  throw std::out_of_range(name);
}

TEST(Profile, TellsTheTimeOfEachKernelByItsName) {
  const ModelSource model(two_products().bytes(), "m.onnx");
  const tensor::Tensor x(tensor::ElementType::kFloat32, {1, 256});
  const auto times = profile_kernels(model, {{"x", x}}, "s");
  EXPECT_EQ(times.size(), 3u);
  EXPECT_EQ(named(times, "MatMul_m").op_type, "MatMul");
  EXPECT_GT(named(times, "MatMul_m").seconds, 0);
  for (const auto& time : times) EXPECT_LE(time.least_seconds, time.seconds) << time.node;
  EXPECT_GT(named(times, "MatMul_m").seconds, named(times, "MatMul_y").seconds)
      << "128 times as many products";
}

TEST(Profile, ModelsTakeTurnsAsOftenAsAsked) {
  const std::array models = {ModelSource(two_products().bytes(), "a.onnx"),
                             ModelSource(two_products().bytes(), "b.onnx")};
  const tensor::Tensor x(tensor::ElementType::kFloat32, {1, 256});
  const auto found = profile_in_turn(models, {{"x", x}}, "s",
                                     {.warm_up_runs = 0, .least_runs = 4, .most_runs = 4});
  EXPECT_EQ(found.runs, 4u);
  ASSERT_EQ(found.kernels.size(), 2u);
  for (const auto& kernels : found.kernels) EXPECT_EQ(kernels.size(), 3u);
  const auto bounded = profile_in_turn(models, {{"x", x}}, "s",
                                       {.least_runs = 2, .most_runs = 1000000, .seconds = 0});
  EXPECT_EQ(bounded.runs, 2u);
  EXPECT_THROW(profile_in_turn(models, {{"x", x}}, "s", {.least_runs = 0}), std::invalid_argument);
}

/// Applies `count` sines, one behind the other, in the body of a Loop.
test_support::OnnxBuilder loop_of_sines(int64_t count) {
  test_support::OnnxBuilder body;
  body.input("i", {}, onnx::TensorProto::INT64);
  body.input("more", {}, onnx::TensorProto::BOOL);
  body.input("v", {65536});
  body.node("Sin", {"v"}, {"w"}).proto().set_name("inner");
  body.node("Identity", {"more"}, {"on"});
  body.output("on", {}, onnx::TensorProto::BOOL);
  body.output("w", {65536});
  test_support::OnnxBuilder b;
  b.input("x", {65536});
  b.initializer("count", {}, std::vector<int64_t>{count});
  b.node("Loop", {"count", "", "x"}, {"y"}).graph("body", body.model().graph());
  b.node("Sin", {"y"}, {"z"});
  b.output("z", {65536});
  return b;
}

TEST(Profile, WhatABodyTakesIsItsNodes) {
  const ModelSource model(loop_of_sines(20).bytes(), "m.onnx");
  const tensor::Tensor x(tensor::ElementType::kFloat32, {65536});
  const auto times = profile_kernels(model, {{"x", x}});
  ASSERT_EQ(times.size(), 2u) << "kernels of the body are none of their own";
  EXPECT_GT(named(times, "Loop_y").seconds, 5 * named(times, "Sin_z").seconds);
}

TEST(Profile, AnErrorNamesTheModel) {
  EXPECT_THROW(profile_kernels(ModelSource("no model", "m.onnx"), {}), Error);
  const tensor::Tensor x(tensor::ElementType::kFloat32, {1, 2});
  EXPECT_THROW(profile_kernels(ModelSource(two_products().bytes(), "m.onnx"), {{"x", x}}), Error);
}

TEST(PossibleNames, AreThoseBeforeFusionAndNewLayouts) {
  EXPECT_THAT(possible_names("Conv_c"), ElementsAre("Conv_c"));
  EXPECT_THAT(possible_names("fused Conv_c"), Contains("Conv_c"));
  EXPECT_THAT(possible_names("Conv_c_token_12"), ElementsAre("Conv_c_token_12", "Conv_c"));
  EXPECT_THAT(possible_names("fused Conv_c_nchwc"), Contains("Conv_c"));
  EXPECT_THAT(possible_names("layer_1/Conv_2"), ElementsAre("layer_1/Conv_2", "layer_1/Conv"));
}

}  // namespace
}  // namespace rangefinder::engine
