#include "passes/cubic_resize.h"

#include <gtest/gtest.h>

#include "graph/attributes.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;

OnnxBuilder resize_model(const std::string& mode, float scale) {
  OnnxBuilder b(18);
  b.input("x", {1, 3, 6, 6});
  b.weights("w", {4, 3, 1, 1});
  b.weights("v", {2, 4, 1, 1});
  b.initializer("scales", {4}, std::vector<float>{1, 1, scale, scale});
  b.node("Conv", {"x", "w"}, {"c"});
  auto node = b.node("Resize", {"c", "", "scales"}, {"r"});
  graph::set_attribute(node.proto(), "mode", std::string_view(mode));
  b.node("Conv", {"r", "v"}, {"y"});
  const auto size = static_cast<int64_t>(6 * scale);
  b.output("y", {1, 2, size, size});
  return b;
}

TEST(CubicResize, OnlyWhatMayShrinkIsFenced) {
  for (const auto& [mode, scale, nodes] : std::vector<std::tuple<std::string, float, int>>{
           {"cubic", 0.5f, 5}, {"cubic", 2.0f, 3}, {"linear", 0.5f, 3}, {"nearest", 0.5f, 3}}) {
    OnnxBuilder b = resize_model(mode, scale);
    const onnx::ModelProto before = b.model();
    TensorInfos infos;
    fence_cubic_resize(b.model(), infos);
    EXPECT_EQ(b.graph().node_size(), nodes) << mode << scale;
    const auto sample = test_support::random_sample(before, 1);
    EXPECT_EQ(test_support::run(before, sample).at("y"),
              test_support::run(b.model(), sample).at("y"));
  }
}

TEST(CubicResize, RunsBetweenIntegerConvolutions) {
  OnnxBuilder b = resize_model("cubic", 0.5f);
  const auto sample = test_support::random_sample(b.model(), 1);
  const auto quantized = test_support::quantize(b.model(), {sample});
  const auto real = test_support::run(b.model(), sample).at("y");
  const auto integer =
      test_support::run(quantized.model, sample, engine::OptimizationLevel::kAll).at("y");
  EXPECT_GE(test_support::sqnr_db(real, integer), 30);
}

}  // namespace
}  // namespace rangefinder::passes
