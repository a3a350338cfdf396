#include "workflow/configs.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using quantization::State;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

using ConfigsTest = WorkflowTest;

TEST_F(ConfigsTest, WhatIsMovedIsRuledByItsSource) {
  const Plan plan = make_plan(model());
  const PlannedConfigs planned = plan_configs(plan);
  EXPECT_THAT(planned.tensors, ElementsAre("x", "r", "mean", "flat", "h"));
  EXPECT_EQ(planned.configs[0].state(), State::kInitial);
  EXPECT_EQ(planned.configs[3].state(), State::kOverlapped);
  EXPECT_EQ(planned.dominance.root(3), 2u);
  EXPECT_TRUE(planned.dominance.is_root(4));
}

TEST_F(ConfigsTest, AllRootsMustBeInForceOnTheTargetsGrid) {
  const Plan plan = make_plan(model());
  PlannedConfigs planned = plan_configs(plan);
  EXPECT_THAT([&] { require_complete(plan, planned); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("'x' is INITIAL")));
  for (auto& config : planned.configs) {
    if (config.state() == State::kInitial) config.activate({0.5f}, {3});
  }
  EXPECT_NO_THROW(require_complete(plan, planned));
  planned.configs[4].quant_max = 100;
  EXPECT_THAT([&] { require_complete(plan, planned); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("'h' is on another grid")));
}

}  // namespace
}  // namespace rangefinder::workflow
