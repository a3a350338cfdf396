#include "engine/cut_rules.h"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <set>
#include <string>

#include "engine/operator_names.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using test_support::OnnxBuilder;

void observe(OnnxBuilder& b, const std::string& tensor) {
  b.node(kObserveOperator, {tensor}, {tensor + "_seen"}).proto().set_domain(kOperatorDomain);
}

/// Names of what may be handed on.
std::set<std::string> crossing(OnnxBuilder& b) {
  const CutRules rules = cuts_at_observed(b.graph());
  std::set<std::string> names;
  for (const auto& node : b.graph().node()) {
    if (rules.may_cross(node)) names.insert(node.output(0));
    EXPECT_FALSE(rules.is_repeated(node));
  }
  return names;
}

TEST(CutRules, CodesAreHandedOnAndRealValuesMadeAnew) {
  OnnxBuilder b;
  b.node("Conv", {"x", "w"}, {"a"});
  b.node("QuantizeLinear", {"a", "s"}, {"b"});
  b.node("DequantizeLinear", {"b", "s"}, {"c"});
  const CutRules rules = cuts_at_codes(b.graph());
  EXPECT_FALSE(rules.may_cross(b.graph().node(0)));
  EXPECT_TRUE(rules.may_cross(b.graph().node(1)));
  EXPECT_FALSE(rules.may_cross(b.graph().node(2)));
  EXPECT_FALSE(rules.is_repeated(b.graph().node(1)));
  EXPECT_TRUE(rules.is_repeated(b.graph().node(2)));
}

TEST(CutRules, WhatConvolutionsReadIsHandedOnIfObserved) {
  OnnxBuilder b;
  b.node("Conv", {"x", "w"}, {"a"});
  b.node("Conv", {"a", "w"}, {"b"});
  b.node("Conv", {"b", "w"}, {"c"});
  observe(b, "a");
  EXPECT_EQ(crossing(b), std::set<std::string>{"a"});
}

TEST(CutRules, ASumIsTheSameIfAllItsSummandsAreObserved) {
  OnnxBuilder b;
  b.weights("w", {1});
  b.node("Conv", {"x", "w"}, {"a"});
  b.node("Conv", {"a", "w"}, {"b"});
  b.node("Add", {"a", "b"}, {"c"});
  b.node("Conv", {"c", "w"}, {"d"});
  for (const char* tensor : {"a", "c"}) observe(b, tensor);
  // ONNX Runtime may add inside the second convolution.
  EXPECT_EQ(crossing(b), std::set<std::string>{"c"});
  observe(b, "b");
  EXPECT_EQ(crossing(b), (std::set<std::string>{"a", "b", "c"}));
}

TEST(CutRules, WhatAMeanReadsIsNotHandedOn) {
  OnnxBuilder b;
  b.node("Conv", {"x", "w"}, {"a"});
  b.node("GlobalAveragePool", {"a"}, {"b"});
  for (const char* tensor : {"a", "b"}) observe(b, tensor);
  EXPECT_EQ(crossing(b), std::set<std::string>{"b"});
}

TEST(CutRules, AKernelThatIsComputedIsNotHandedOn) {
  OnnxBuilder b;
  b.node("Relu", {"x"}, {"a"});
  b.node("Conv", {"x", "a"}, {"b"});
  observe(b, "a");
  EXPECT_EQ(crossing(b), std::set<std::string>{});
}

}  // namespace
}  // namespace rangefinder::engine
