#include "workflow/plan.h"

#include <gmock/gmock.h>

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
  Plan plan() const { return make_plan(model(), target()); }
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
  const Plan changed = make_plan(file("other.onnx"), target());
  EXPECT_NE(changed.fingerprint(), plan().fingerprint());
  EXPECT_NE(changed.prepared.fingerprint, plan().prepared.fingerprint);
}

TEST_F(PlanTest, RowsOfTwoDimensionalTensorsAreKeptAnyway) {
  EXPECT_THAT(default_rows(plan()), ElementsAre(Pair("h", -1)));
  const auto observed = plan().observed(default_rows(plan()));
  EXPECT_EQ(observed[3], (ObservedTensor{.name = "h", .row_axis = -1}));
  EXPECT_EQ(observed[1].row_axis, std::nullopt);
}

TEST_F(PlanTest, RowsOfOthersAreKeptOnRequest) {
  EXPECT_THAT(rows_of(plan(), {"r", "m*"}, 1),
              ElementsAre(Pair("h", -1), Pair("mean", 1), Pair("r", 1)));
  try {
    rows_of(plan(), {"c"}, -1);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("'c'")) << "it exists, but is fused away";
  }
}

TEST_F(PlanTest, RowsAreKeptWhereAMethodMustSeeThem) {
  EXPECT_THAT(rows_of(plan(), passes::RuntimeCalibration{.method = "mse"}),
              ElementsAre(Pair("h", -1)));
  passes::RuntimeCalibration calibration{.method = "mse", .method_for = {{"r", "Isotone"}}};
  calibration.options.axis = 1;
  EXPECT_THAT(rows_of(plan(), calibration), ElementsAre(Pair("h", -1), Pair("r", 1)));
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

}  // namespace
}  // namespace rangefinder::workflow
