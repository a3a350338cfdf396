#include "passes/deciding_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

/// A branch that convolves "x" with "w", or gives it as it is.
onnx::GraphProto branch(bool convolves) {
  OnnxBuilder b;
  if (convolves) {
    b.node("Conv", {"x", "w"}, {"way"});
  } else {
    b.node("Identity", {"x"}, {"way"});
  }
  b.output("way", {1, 3, 8, 8});
  return b.graph();
}

/// If "rate", plus 0, is 16000.
OnnxBuilder two_ways() {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w", {3, 3, 1, 1}, 0.5f);
  b.initializer("zero", {}, std::vector<int64_t>{0});
  b.initializer("known", {}, std::vector<int64_t>{16000});
  b.node("Add", {"rate", "zero"}, {"sum"});
  b.node("Equal", {"sum", "known"}, {"is_known"});
  b.node("If", {"is_known"}, {"y"})
      .graph("then_branch", branch(true))
      .graph("else_branch", branch(false));
  b.output("y", {1, 3, 8, 8});
  return b;
}

TEST(DecidingInputs, ThoseTheConditionIsComputedFrom) {
  OnnxBuilder b = two_ways();
  b.input("rate", {}, onnx::TensorProto::INT64);
  EXPECT_THAT(deciding_inputs(b.graph(), b.graph().node(2)), ElementsAre("rate"));
  b.initializer("rate", {}, std::vector<int64_t>{16000});
  b.graph().mutable_input()->RemoveLast();
  EXPECT_THAT(deciding_inputs(b.graph(), b.graph().node(2)), IsEmpty());
}

TEST(DecidingInputs, AnIfThatConstantsDecideIsInlinedByPreparation) {
  for (const int64_t rate : {16000, 8000}) {
    OnnxBuilder b = two_ways();
    b.input("rate", {}, onnx::TensorProto::INT64);  // as files before IR version 4 declare weights
    b.initializer("rate", {}, std::vector<int64_t>{rate});
    const auto prepared = test_support::prepare(b.model());
    size_t convolutions = 0;
    for (const auto& node : prepared.model.graph().node()) {
      EXPECT_NE(node.op_type(), "If");
      convolutions += node.op_type() == "Conv";
    }
    EXPECT_EQ(convolutions, rate == 16000 ? 1u : 0u);
    EXPECT_EQ(prepared.model.graph().input_size(), 1);
  }
}

TEST(DecidingInputs, AnIfThatAStaticShapeDecidesIsInlinedByPreparation) {
  OnnxBuilder b = two_ways();
  b.initializer("three", {1}, std::vector<int64_t>{3});
  b.initializer("one", {1}, std::vector<int64_t>{1});
  b.initializer("two", {1}, std::vector<int64_t>{2});
  b.graph().mutable_node()->DeleteSubrange(0, 2);
  onnx::NodeProto last = b.graph().node(0);
  b.graph().clear_node();
  b.node("Shape", {"x"}, {"shape"});
  b.node("Slice", {"shape", "one", "two"}, {"channels"});
  b.node("Equal", {"channels", "three"}, {"is_known"});
  *b.graph().add_node() = last;
  const auto prepared = test_support::prepare(b.model());
  ASSERT_EQ(prepared.model.graph().node_size(), 1);
  EXPECT_EQ(prepared.model.graph().node(0).op_type(), "Conv");
}

}  // namespace
}  // namespace rangefinder::passes
