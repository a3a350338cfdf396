#include "passes/mean_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/quantization_checks.h"

namespace rangefinder::passes {
namespace {

using test_support::check_quantization;
using test_support::Kernels;
using test_support::OnnxBuilder;

/// Conv, mean over `axes`, and a product with weights behind it.
OnnxBuilder mean_model(const std::vector<int64_t>& axes, bool keeps_axes, int64_t opset) {
  OnnxBuilder b(opset);
  b.input("x", {-1, 3, 6, 6});
  b.weights("w", {4, 3, 3, 3}, 0.5f);
  b.node("Conv", {"x", "w"}, {"c"});
  std::vector<std::string> inputs = {"c"};
  if (opset >= 18) {
    b.initializer("axes", {static_cast<int64_t>(axes.size())}, axes);
    inputs.push_back("axes");
  }
  auto mean = b.node("ReduceMean", inputs, {"m"});
  mean.integer("keepdims", keeps_axes);
  if (opset < 18) mean.ints("axes", axes);
  if (keeps_axes) {
    b.weights("v", {5, 4, 1, 1}, 0.5f);
    b.node("Conv", {"m", "v"}, {"y"});
    b.output("y", {-1, 5, 1, 1});
  } else {
    b.weights("v", {4, 5}, 0.5f);
    b.node("MatMul", {"m", "v"}, {"y"});
    b.output("y", {-1, 5});
  }
  return b;
}

TEST(MeanPool, SpatialMeansComputeOnCodes) {
  for (const int64_t opset : {13, 18}) {
    for (const bool keeps_axes : {true, false}) {
      for (const auto& axes : std::vector<std::vector<int64_t>>{{2, 3}, {-1, -2}}) {
        OnnxBuilder b = mean_model(axes, keeps_axes, opset);
        check_quantization(b.model(), Kernels{{"QLinearGlobalAveragePool", 1},
                                              {"ReduceMean", 0},
                                              {"QLinearConv", keeps_axes ? 2 : 1}});
      }
    }
  }
}

TEST(MeanPool, OtherMeansStay) {
  for (const auto& axes : std::vector<std::vector<int64_t>>{{1}, {3}, {1, 2, 3}, {0, 2, 3}}) {
    OnnxBuilder b;
    b.input("x", {2, 4, 3, 3});
    b.node("ReduceMean", {"x"}, {"y"}).ints("axes", axes);
    b.output("y", {2, 4, 3, 3});
    TensorInfos infos;
    infos["x"] = {tensor::ElementType::kFloat32, tensor::Shape{2, 4, 3, 3}};
    write_mean_as_pool(b.model(), infos);
    EXPECT_EQ(b.graph().node(0).op_type(), "ReduceMean") << tensor::to_string(axes);
  }
  OnnxBuilder unknown;
  unknown.node("ReduceMean", {"x"}, {"y"}).ints("axes", {2, 3});
  TensorInfos infos;
  write_mean_as_pool(unknown.model(), infos);
  infos["x"] = {tensor::ElementType::kFloat32, std::nullopt};
  write_mean_as_pool(unknown.model(), infos);
  EXPECT_EQ(unknown.graph().node(0).op_type(), "ReduceMean");
}

}  // namespace
}  // namespace rangefinder::passes
