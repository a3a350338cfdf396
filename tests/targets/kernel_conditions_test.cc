#include "targets/kernel_conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "graph/attributes.h"
#include "targets/target.h"

namespace rangefinder::targets {
namespace {

using testing::HasSubstr;

onnx::NodeProto node(const std::string& type) {
  onnx::NodeProto node;
  node.set_op_type(type);
  return node;
}

std::string obstacle(const onnx::NodeProto& node, int64_t opset = 19) {
  return kernel_obstacle(find_target("ort-cpu").rule(node.op_type())->conditions, node, opset);
}

TEST(KernelConditions, ANodeWithoutAttributesSuitsEveryKernel) {
  for (const OperatorRule& rule : find_target("ort-cpu").rules) {
    EXPECT_EQ(obstacle(node(std::string(rule.op_type))), "") << rule.op_type;
  }
}

TEST(KernelConditions, AnUnknownAttributeKeepsAnyNodeInFloat) {
  for (const OperatorRule& rule : find_target("ort-cpu").rules) {
    onnx::NodeProto later = node(std::string(rule.op_type));
    graph::set_attribute(later, "of_a_later_set", int64_t{3});
    EXPECT_EQ(obstacle(later), "has no integer kernel with of_a_later_set = 3");
  }
}

TEST(KernelConditions, ReasonsNameAttributeAndValue) {
  auto pool = node("AveragePool");
  graph::set_attribute(pool, "dilations", std::vector<int64_t>{1, 2});
  EXPECT_THAT(obstacle(pool), HasSubstr("dilations = [1, 2]"));
  auto resize = node("Resize");
  graph::set_attribute(resize, "mode", std::string_view("cubic"));
  EXPECT_THAT(obstacle(resize), HasSubstr("mode = cubic"));
  auto relu = node("LeakyRelu");
  graph::set_attribute(relu, "alpha", INFINITY);
  EXPECT_THAT(obstacle(relu), HasSubstr("alpha = inf"));
}

TEST(KernelConditions, TwoAttributesThatExcludeEachOther) {
  for (const int64_t ceil_mode : {0, 1}) {
    for (const int64_t counts_padding : {0, 1}) {
      auto pool = node("AveragePool");
      graph::set_attribute(pool, "ceil_mode", ceil_mode);
      graph::set_attribute(pool, "count_include_pad", counts_padding);
      EXPECT_EQ(obstacle(pool).empty(), !(ceil_mode && counts_padding));
    }
  }
}

TEST(KernelConditions, ResizeMovesCodesOnlyIfItTakesThemFromInside) {
  for (const auto& [name, value, suits] : std::vector<std::tuple<std::string, std::string, bool>>{
           {"mode", "nearest", true},
           {"mode", "linear", false},
           {"coordinate_transformation_mode", "half_pixel", true},
           {"coordinate_transformation_mode", "tf_crop_and_resize", false},
           {"nearest_mode", "ceil", true},
           {"keep_aspect_ratio_policy", "not_larger", true}}) {
    auto resize = node("Resize");
    graph::set_attribute(resize, name, std::string_view(value));
    EXPECT_EQ(obstacle(resize).empty(), suits) << name << " " << value;
  }
  auto resize = node("Resize");
  graph::set_attribute(resize, "axes", std::vector<int64_t>{2, 3});
  EXPECT_THAT(obstacle(resize), HasSubstr("axes = [2, 3]"));
}

TEST(KernelConditions, GatesHaveASlopeAndAnOffsetWithinReach) {
  for (const auto& [alpha, beta, suits] :
       std::vector<std::tuple<float, float, bool>>{{0.2f, 0.5f, true},
                                                   {5, -1024, true},
                                                   {0, 0.5f, false},
                                                   {-0.2f, 0.5f, false},
                                                   {1e-40f, 0.5f, false},
                                                   {NAN, 0.5f, false},
                                                   {0.2f, 1025, false},
                                                   {0.2f, NAN, false}}) {
    auto gate = node("HardSigmoid");
    graph::set_attribute(gate, "alpha", alpha);
    graph::set_attribute(gate, "beta", beta);
    EXPECT_EQ(obstacle(gate).empty(), suits) << alpha << " " << beta;
  }
}

TEST(KernelConditions, KernelsOfLaterOperatorSets) {
  EXPECT_EQ(obstacle(node("DepthToSpace"), 10), "has no integer kernel before operator set 11");
  EXPECT_EQ(obstacle(node("DepthToSpace"), 11), "");
}

}  // namespace
}  // namespace rangefinder::targets
