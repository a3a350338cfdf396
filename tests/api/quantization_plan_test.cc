#include "rangefinder/quantization_plan.h"

#include <stdexcept>

#include "api/fixture.h"

namespace rangefinder {
namespace {

using testing::ElementsAre;

using PlanApi = ApiTest;

TEST_F(PlanApi, HasAConfigForEachActivation) {
  const QuantizationPlan plan(model());
  EXPECT_THAT(std::vector<std::string>(plan.tensors().begin(), plan.tensors().end()),
              ElementsAre("x", "r", "mean", "flat", "h"));
  EXPECT_EQ(plan.config("x").state(), State::kInitial);
  EXPECT_EQ(plan.config("flat").state(), State::kOverlapped);
  EXPECT_EQ(plan.dominance().root(3), 2u);
  EXPECT_THROW(plan.config("z"), std::invalid_argument);
  EXPECT_THROW(export_model(plan), std::invalid_argument) << "no scale is in force";
}

TEST_F(PlanApi, ScalesOfTheUsersOwnAreWritten) {
  QuantizationPlan plan(model());
  // Behind a Relu zero is the smallest code; with any other zero point the Relu would have to stay.
  for (TensorQuantizationConfig& config : plan.configs()) {
    if (config.state() == State::kInitial) config.activate({0.05f}, {0});
  }
  plan.config("x").activate({0.05f}, {10});
  const Model int8 = export_model(plan);
  EXPECT_EQ(inspect(int8).integer_nodes, 3u);
  QuantizationPlan moved = std::move(plan);
  EXPECT_EQ(moved.config("x").scale.at(0), 0.05f);
}

}  // namespace
}  // namespace rangefinder
