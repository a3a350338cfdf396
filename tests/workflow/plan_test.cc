#include "workflow/plan.h"

#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using engine::ObservedTensor;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class PlanTest : public WorkflowTest {
 protected:
  Plan plan() const { return make_plan(model()); }
};

TEST_F(PlanTest, ObservesWhatBecomesCodes) {
  EXPECT_THAT(plan().observed(), ElementsAre(ObservedTensor{"x"}, ObservedTensor{"r"},
                                             ObservedTensor{"mean"}, ObservedTensor{"h"}));
}

TEST_F(PlanTest, TheFingerprintTellsWhatIsObserved) {
  EXPECT_EQ(plan().fingerprint(), plan().fingerprint());
  test_support::OnnxBuilder other = classifier();
  other.graph().mutable_node(1)->set_op_type("Sigmoid");
  write_file(file("other.onnx"), other.bytes());
  const Plan changed = make_plan(file("other.onnx"));
  EXPECT_NE(changed.fingerprint(), plan().fingerprint());
  EXPECT_NE(changed.prepared.fingerprint.get(), plan().prepared.fingerprint.get());
}

TEST_F(PlanTest, RowsOfTwoDimensionalTensorsAreKeptAnyway) {
  EXPECT_THAT(default_rows(plan()), ElementsAre(Pair("h", -1)));
  const auto observed = plan().observed(default_rows(plan()));
  EXPECT_EQ(observed[3], (ObservedTensor{.name = "h", .row_axis = -1}));
  EXPECT_EQ(observed[1].row_axis, std::nullopt);
}

TEST_F(PlanTest, RowsOfOthersAreKeptOnRequest) {
  EXPECT_THAT(rows_of(plan(), {"r", "m*"}, 1),
              ElementsAre(Pair("h", -1), Pair("mean", -3), Pair("r", -3)));
  try {
    rows_of(plan(), {"meen"}, -1);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("'meen'"));
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'mean'?"));
  }
}

TEST_F(PlanTest, WhatIsFusedOrMovedMeansTheObservedTensor) {
  EXPECT_THAT(rows_of(plan(), {"c"}, 1), ElementsAre(Pair("h", -1), Pair("r", -3)))
      << "c goes into the Relu behind it";
  EXPECT_THAT(rows_of(plan(), {"flat"}, 1), ElementsAre(Pair("h", -1), Pair("mean", -3)));
  passes::RuntimeCalibration calibration{.method = "mse", .method_for = {{"c", "Isotone"}}};
  calibration.options.axis = 1;
  EXPECT_THAT(rows_of(plan(), calibration), ElementsAre(Pair("h", -1), Pair("r", -3)));
}

TEST_F(PlanTest, BracketsArePartOfNames) {
  EXPECT_THROW(rows_of(plan(), {"[r]"}, 1), std::invalid_argument);
  EXPECT_THROW(make_plan(model(), {.exclude = {"Conv_[c]"}}), std::invalid_argument);
}

TEST_F(PlanTest, AxesAreCountedFromTheBack) {
  EXPECT_EQ(axis_from_back(plan(), "r", 1), -3);
  EXPECT_EQ(axis_from_back(plan(), "r", -4), -4);
  EXPECT_EQ(axis_from_back(plan(), "h", 1), -1);
  EXPECT_THROW(axis_from_back(plan(), "h", 2), std::invalid_argument);
  EXPECT_TRUE(is_same_axis(plan(), "h", 1, -1));
  EXPECT_FALSE(is_same_axis(plan(), "r", 1, -1));
}

TEST_F(PlanTest, RowsAreKeptWhereAMethodMustSeeThem) {
  EXPECT_THAT(rows_of(plan(), passes::RuntimeCalibration{.method = "mse"}),
              ElementsAre(Pair("h", -1)));
  passes::RuntimeCalibration calibration{.method = "mse", .method_for = {{"r", "Isotone"}}};
  calibration.options.axis = 1;
  EXPECT_THAT(rows_of(plan(), calibration), ElementsAre(Pair("h", -1), Pair("r", -3)));
  EXPECT_THROW(rows_of(plan(), passes::RuntimeCalibration{.method = "entropy"}),
               std::invalid_argument);
}

TEST_F(PlanTest, AModelWithNothingToQuantizeIsRefusedWithTheReason) {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 4});
  b.node("Relu", {"x"}, {"y"});
  b.output("y", {-1, 4});
  write_file(model(), b.bytes());
  try {
    plan();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.place().file, model().string());
    EXPECT_THAT(error.what(), HasSubstr("no Conv, Gemm or MatMul"));
  }
}

TEST_F(PlanTest, TheFirstObstacleIsNamed) {
  test_support::OnnxBuilder b;
  b.input("x", {4, 4});
  b.weights("w", {4, 4});
  b.node("MatMul", {"w", "x"}, {"y"});
  b.output("y", {4, 4});
  write_file(model(), b.bytes());
  try {
    plan();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("MatMul 'MatMul_y' its first factor is constant"));
  }
}

TEST_F(PlanTest, ConstantsThatAreNoNumbersAreRefusedByName) {
  test_support::OnnxBuilder b;
  b.input("x", {2, 4});
  b.weights("w", {4, 4});
  b.initializer("b", {4}, std::vector<float>{0, NAN, 1, 2});
  b.node("Gemm", {"x", "w", "b"}, {"y"}).proto().set_name("head");
  b.output("y", {2, 4});
  write_file(file("nan.onnx"), b.bytes());
  try {
    make_plan(file("nan.onnx"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.place().node, "head");
    EXPECT_EQ(error.place().tensor, "b");
    EXPECT_EQ(error.place().file, file("nan.onnx").string());
  }
}

TEST_F(PlanTest, AModelThatIsQuantizedAlreadyIsCalledThat) {
  quantize(quantize_request("int8.onnx"));
  try {
    make_plan(file("int8.onnx"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("quantized already"));
  }
}

TEST_F(PlanTest, PatternsThatFitNothingAreRefused) {
  const passes::RuntimeCalibration calibration{.method = "mse", .method_for = {{"x?", "kl"}}};
  EXPECT_THROW(require_known_names(plan(), calibration), std::invalid_argument);
  EXPECT_THROW(rows_of(plan(), calibration), std::invalid_argument);
}

TEST_F(PlanTest, WeightsInBodiesAreCounted) {
  test_support::OnnxBuilder body;
  body.weights("w", {4, 4});
  body.node("MatMul", {"x", "w"}, {"m"});
  body.output("m", {-1, 4});
  test_support::OnnxBuilder b;
  b.input("x", {-1, 4});
  b.input("flag", {}, onnx::TensorProto::BOOL);
  b.node("If", {"flag"}, {"y"})
      .graph("then_branch", body.graph())
      .graph("else_branch", body.graph());
  b.output("y", {-1, 4});
  write_file(model(), b.bytes());
  try {
    plan();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("2 Conv, Gemm and MatMul nodes are in bodies of If"));
  }
}

TEST_F(PlanTest, ExcludedNodesStayFloat) {
  const Plan without = make_plan(model(), {.exclude = {"Conv_*"}});
  EXPECT_THAT(without.observed(), ElementsAre(ObservedTensor{"flat"}, ObservedTensor{"h"}))
      << "what pools in float gives no codes";
  ASSERT_EQ(without.annotation.left_float.size(), 1u);
  EXPECT_EQ(without.annotation.left_float[0].reason, "is excluded");
  EXPECT_THROW(make_plan(model(), {.exclude = {"conv"}}), std::invalid_argument);
}

TEST_F(PlanTest, AllMayBeExcluded) {
  const Plan without = make_plan(model(), {.exclude = {"*"}});
  EXPECT_TRUE(without.observed().empty());
  EXPECT_EQ(without.annotation.left_float.size(), 3u);
}

/// What an earlier optimization hid is named; "it has no MatMul" would be wrong.
TEST_F(PlanTest, WhereEverythingIsFusedTheFusedNodeIsNamed) {
  test_support::OnnxBuilder b;
  b.import("com.microsoft");
  b.input("x", {1, 4, 8});
  b.weights("w", {8, 24});
  b.weights("bias", {24});
  b.node("Attention", {"x", "w", "bias"}, {"y"})
      .integer("num_heads", 2)
      .proto()
      .set_domain("com.microsoft");
  b.output("y", {1, 4, 8});
  write_file(model(), b.bytes());
  try {
    make_plan(model());
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("Attention 'Attention_y' is fused"));
  }
}

}  // namespace
}  // namespace rangefinder::workflow
