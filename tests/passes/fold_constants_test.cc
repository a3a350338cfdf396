#include "passes/fold_constants.h"

#include <gmock/gmock.h>

#include "graph/constants.h"
#include "graph/graph.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;

std::vector<std::string> op_types(const onnx::ModelProto& model) {
  std::vector<std::string> types;
  for (const auto& node : model.graph().node()) types.push_back(node.op_type());
  return types;
}

std::vector<float> values_of(const onnx::ModelProto& model, const std::string& name) {
  for (const auto& constant : model.graph().initializer()) {
    if (constant.name() != name) continue;
    const tensor::Tensor value = graph::read_constant(constant);
    return {value.floats().begin(), value.floats().end()};
  }
  return {};
}

/// y = x w, where w = reshape(a) * 2.
OnnxBuilder computed_weight() {
  OnnxBuilder b;
  b.input("x", {-1, 2});
  b.initializer("a", {4}, std::vector<float>{1, 2, 3, 4});
  b.initializer("two", {}, std::vector<float>{2});
  b.initializer("shape", {2}, std::vector<int64_t>{2, 2});
  b.node("Reshape", {"a", "shape"}, {"r"});
  b.node("Mul", {"r", "two"}, {"w"});
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y", {-1, 2});
  return b;
}

TEST(FoldConstants, AWeightIsWhatItsNodesMakeOfConstants) {
  OnnxBuilder b = computed_weight();
  fold_constants(b.model(), {"w"}, "");
  EXPECT_THAT(op_types(b.model()), ElementsAre("MatMul"));
  EXPECT_THAT(values_of(b.model(), "w"), ElementsAre(2, 4, 6, 8));
  EXPECT_EQ(b.graph().initializer_size(), 1);
}

TEST(FoldConstants, WhatIsNotAskedForStays) {
  OnnxBuilder b = computed_weight();
  const std::string before = b.bytes();
  fold_constants(b.model(), {}, "");
  fold_constants(b.model(), {"x", "y", "a", "none"}, "");
  EXPECT_EQ(b.bytes(), before);
}

TEST(FoldConstants, WhatOthersReadStays) {
  OnnxBuilder b = computed_weight();
  b.node("MatMul", {"y", "r"}, {"z"});
  b.output("z", {-1, 2});
  b.output("w", {2, 2});
  fold_constants(b.model(), {"w"}, "");
  EXPECT_THAT(op_types(b.model()), ElementsAre("Reshape", "MatMul", "MatMul"));
  EXPECT_THAT(values_of(b.model(), "w"), ElementsAre(2, 4, 6, 8));
}

TEST(FoldConstants, OneOfSeveralOutputs) {
  OnnxBuilder b;
  b.input("x", {-1, 2});
  b.initializer("a", {2, 4}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  b.node("Split", {"a"}, {"left", "right"}).integer("axis", 1);
  b.node("MatMul", {"x", "right"}, {"m"});
  b.node("Add", {"m", "left"}, {"y"});
  b.output("y", {-1, 2});
  fold_constants(b.model(), {"right"}, "");
  EXPECT_THAT(op_types(b.model()), ElementsAre("Split", "MatMul", "Add"));
  EXPECT_THAT(values_of(b.model(), "right"), ElementsAre(3, 4, 7, 8));
}

TEST(FoldConstants, WhatIsComputedInOneWayIsOneTensor) {
  OnnxBuilder b;
  b.input("x", {-1, 2});
  b.weights("a", {2, 2});
  b.node("Transpose", {"a"}, {"t1"}).ints("perm", {1, 0});
  b.node("Transpose", {"a"}, {"t2"}).ints("perm", {1, 0});
  b.node("Transpose", {"a"}, {"same"}).ints("perm", {0, 1});
  b.node("MatMul", {"x", "t1"}, {"h"});
  b.node("MatMul", {"h", "t2"}, {"g"});
  b.node("MatMul", {"g", "same"}, {"y"});
  b.output("y", {-1, 2});
  fold_constants(b.model(), {"t1", "t2", "same"}, "");
  EXPECT_THAT(op_types(b.model()), ElementsAre("MatMul", "MatMul", "MatMul"));
  EXPECT_EQ(b.graph().node(0).input(1), "t1");
  EXPECT_EQ(b.graph().node(1).input(1), "t1");
  EXPECT_EQ(b.graph().node(2).input(1), "same");
}

// Weights that happen to be equal are not shared.
TEST(FoldConstants, EqualConstantsStayTwo) {
  OnnxBuilder b;
  b.input("x", {-1, 2});
  const auto value = OnnxBuilder::float_tensor("", {2, 2}, {1, 2, 3, 4});
  b.node("Constant", {}, {"c1"}).tensor("value", value);
  b.node("Constant", {}, {"c2"}).tensor("value", value);
  b.node("MatMul", {"x", "c1"}, {"h"});
  b.node("MatMul", {"h", "c2"}, {"y"});
  b.output("y", {-1, 2});
  fold_constants(b.model(), {"c1", "c2"}, "");
  EXPECT_EQ(b.graph().node(0).input(1), "c1");
  EXPECT_EQ(b.graph().node(1).input(1), "c2");
}

TEST(FoldConstants, NoiseIsNotConstant) {
  OnnxBuilder b;
  b.input("x", {-1, 2});
  b.node("RandomNormal", {}, {"noise"}).ints("shape", {2, 2});
  b.node("Relu", {"noise"}, {"w"});
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y", {-1, 2});
  const std::string before = b.bytes();
  fold_constants(b.model(), {"w"}, "");
  EXPECT_EQ(b.bytes(), before);
}

TEST(FoldConstants, ABranchThatIsTakenForCertainIsConstant) {
  OnnxBuilder b;
  b.input("x", {-1, 2});
  b.weights("a", {2, 2});
  onnx::TensorProto yes;
  yes.set_name("yes");
  yes.set_data_type(onnx::TensorProto::BOOL);
  yes.add_int32_data(1);
  *b.graph().add_initializer() = yes;
  OnnxBuilder taken;
  taken.node("Identity", {"a"}, {"t"});
  taken.output("t", {2, 2});
  OnnxBuilder left;
  left.node("Neg", {"a"}, {"l"});
  left.output("l", {2, 2});
  b.node("If", {"yes"}, {"w"})
      .graph("then_branch", taken.graph())
      .graph("else_branch", left.graph());
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y", {-1, 2});
  const std::vector<float> a = values_of(b.model(), "a");
  fold_constants(b.model(), {"w"}, "");
  EXPECT_THAT(op_types(b.model()), ElementsAre("MatMul"));
  EXPECT_EQ(values_of(b.model(), "w"), a);
}

}  // namespace
}  // namespace rangefinder::passes
