#include "engine/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  const auto times = profile_kernels(model, {{"x", x}}, "s", 21);
  EXPECT_EQ(times.size(), 3u);
  EXPECT_EQ(named(times, "MatMul_m").op_type, "MatMul");
  EXPECT_GT(named(times, "MatMul_m").seconds, 0);
  EXPECT_GT(named(times, "MatMul_m").seconds, named(times, "MatMul_y").seconds)
      << "128 times as many products";
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
