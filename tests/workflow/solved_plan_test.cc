#include "workflow/solved_plan.h"

#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>

#include "base/error.h"
#include "observers/registry.h"
#include "workflow/fixture.h"
#include "workflow/observe.h"

namespace rangefinder::workflow {
namespace {

using passes::RuntimeCalibration;
using testing::HasSubstr;

class SolvedPlanTest : public WorkflowTest {
 protected:
  SolvedPlanTest() : plan_(make_plan(model())) {
    statistics_ = observe(plan_, *set(), plan_.observed(default_rows(plan_)), {});
  }

  std::unique_ptr<Samples> set() const {
    return split_samples(open_input({samples()}), {.samples = 8});
  }

  const report::TensorRow& row(const SolvedPlan& solution, const std::string& name) const {
    for (const auto& row : solution.rows) {
      if (row.name == name) return row;
    }
    throw std::out_of_range(name);
  }

  Plan plan_;
  statistics::StatisticsFile statistics_;
};

TEST_F(SolvedPlanTest, GivesEveryTensorTheRangeOfItsMethod) {
  const SolvedPlan solution =
      solve_plan(plan_, statistics_,
                 {.method = "minmax", .method_for = {{"r", "MSE"}, {"me*", "mean-minmax"}}});
  const auto& x = statistics_.tensors[0].channels[0].extrema;
  EXPECT_EQ(row(solution, "x").method, "minmax");
  EXPECT_FLOAT_EQ(row(solution, "x").scale, (x.max - x.min) / 255);
  EXPECT_EQ(row(solution, "r").method, "mse");
  EXPECT_EQ(row(solution, "r").offset, 0) << "behind a Relu";
  EXPECT_EQ(row(solution, "mean").method, "mean-minmax");
  EXPECT_EQ(row(solution, "flat").root, "mean");
  EXPECT_EQ(row(solution, "flat").scale, row(solution, "mean").scale);
  EXPECT_EQ(row(solution, "x").count, 8u * 3 * 8 * 8);
  EXPECT_EQ(solution.weights.size(), 3u);
}

TEST_F(SolvedPlanTest, RowsServeIsotone) {
  const SolvedPlan solution =
      solve_plan(plan_, statistics_, {.method = "mse", .method_for = {{"h", "isotone"}}});
  EXPECT_EQ(row(solution, "h").method, "isotone");
  EXPECT_EQ(row(solution, "h").figures.at("row_count"), 8);
  EXPECT_GT(row(solution, "h").figures.at("kept_share"), 0.8);
  RuntimeCalibration from_front{.method = "mse", .method_for = {{"h", "isotone"}}};
  from_front.options.axis = 1;
  EXPECT_EQ(row(solve_plan(plan_, statistics_, from_front), "h").scale, row(solution, "h").scale);
}

TEST_F(SolvedPlanTest, IsotoneNeedsTheRowsItAsksFor) {
  const auto refusal = [&](const RuntimeCalibration& calibration) {
    try {
      solve_plan(plan_, statistics_, calibration);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(refusal({.method = "isotone"}), HasSubstr("'x': The method 'isotone' must see"));
  RuntimeCalibration other_axis{.method = "mse", .method_for = {{"h", "isotone"}}};
  other_axis.options.axis = 0;
  EXPECT_THAT(refusal(other_axis), HasSubstr("along axis 0; gathered were 6 along axis -1"));
}

TEST_F(SolvedPlanTest, RawBatchesAreShownOnlyToWhoAsks) {
  const RuntimeCalibration calibration{.method = "mse", .method_for = {{"h", "mean-percentile"}}};
  EXPECT_THROW(solve_plan(plan_, statistics_, calibration), std::invalid_argument);
  const auto samples = set();
  size_t passes = 0;
  const ShowRaw show = [&](const auto& tensors, const passes::RawVisitor& visitor) {
    ++passes;
    EXPECT_EQ(tensors, std::vector<std::string>{"h"});
    show_raw(plan_, *samples, tensors, visitor, {});
  };
  const SolvedPlan solution = solve_plan(plan_, statistics_, calibration, show);
  EXPECT_EQ(passes, 1u);
  EXPECT_EQ(row(solution, "h").method, "mean-percentile");
  solve_plan(plan_, statistics_, {.method = "mse"}, show);
  EXPECT_EQ(passes, 1u) << "no method asked";
}

TEST_F(SolvedPlanTest, TensorsWithoutDataAreNamed) {
  statistics_.tensors[1].channels = {{}};
  try {
    solve_plan(plan_, statistics_, {.method = "mse"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("'r'"));
  }
}

}  // namespace
}  // namespace rangefinder::workflow
