#include "graph/functions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using test_support::OnnxBuilder;
using testing::HasSubstr;

void add_call(google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes, const std::string& type) {
  auto& node = *nodes.Add();
  node.set_op_type(type);
  node.set_domain("own");
}

/// f0 calls f1 `times`, f1 f2 ..., the last one calls Neg; the main graph calls f0.
onnx::ModelProto chain(int length, int times) {
  OnnxBuilder b;
  for (int i = 0; i < length; ++i) {
    auto& function = *b.model().add_functions();
    function.set_name("f" + std::to_string(i));
    function.set_domain("own");
    for (int j = 0; j < times; ++j) add_call(*function.mutable_node(), "f" + std::to_string(i + 1));
  }
  add_call(*b.graph().mutable_node(), "f0");
  return b.model();
}

std::string refusal(const onnx::ModelProto& model) {
  try {
    check_functions(model);
  } catch (const Error& error) {
    return error.what();
  }
  return "not refused";
}

TEST(CheckFunctions, TakesOrdinaryOnes) {
  EXPECT_EQ(refusal(chain(0, 0)), "not refused");
  EXPECT_EQ(refusal(chain(3, 5)), "not refused");
  EXPECT_EQ(refusal(chain(kDeepestCalls, 1)), "not refused");
}

TEST(CheckFunctions, LimitsDepth) {
  EXPECT_THAT(refusal(chain(kDeepestCalls + 1, 1)), HasSubstr("more than 64 calls deep"));
  EXPECT_THAT(refusal(chain(100000, 1)), HasSubstr("more than 64 calls deep"));
  // Deepest first: each is measured before the one that calls it.
  onnx::ModelProto reversed = chain(200, 1);
  auto& functions = *reversed.mutable_functions();
  std::reverse(functions.pointer_begin(), functions.pointer_end());
  EXPECT_THAT(refusal(reversed), HasSubstr("more than 64 calls deep"));
}

TEST(CheckFunctions, LimitsWhatTheyGrowTo) {
  EXPECT_EQ(refusal(chain(21, 2)), "not refused");
  EXPECT_THAT(refusal(chain(40, 2)), HasSubstr("4194304 nodes once"));
  EXPECT_THAT(refusal(chain(64, 1000)), HasSubstr("4194304 nodes once"));
}

TEST(CheckFunctions, RefusesCircles) {
  onnx::ModelProto model = chain(3, 1);
  add_call(*model.mutable_functions(2)->mutable_node(), "f1");
  EXPECT_THAT(refusal(model), HasSubstr("calls itself"));
  model.mutable_graph()->clear_node();
  EXPECT_THAT(refusal(model), HasSubstr("calls itself")) << "also where nobody calls it";
}

TEST(CheckFunctions, LooksIntoBodies) {
  onnx::ModelProto model = chain(2, 1);
  OnnxBuilder body;
  add_call(*body.graph().mutable_node(), "f0");
  OnnxBuilder holder;
  holder.node("If", {"c"}, {"y"}).graph("then_branch", body.graph());
  *model.mutable_functions(1)->add_node() = holder.graph().node(0);
  EXPECT_THAT(refusal(model), HasSubstr("calls itself"));
}

TEST(CheckFunctions, RefusesTwoOfOneName) {
  onnx::ModelProto model = chain(2, 1);
  *model.add_functions() = model.functions(0);
  EXPECT_THAT(refusal(model), HasSubstr("defined twice"));
}

}  // namespace
}  // namespace rangefinder::graph
