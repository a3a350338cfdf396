#include "targets/explicit_targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace rangefinder::targets {
namespace {

TEST(ExplicitTargets, TakeNothingThatNeedsKernelsOfOurs) {
  for (const Target& target : explicit_targets()) {
    SCOPED_TRACE(target.name);
    EXPECT_FALSE(target.runs_here);
    EXPECT_NE(target.placement, Placement::kBetweenKernels);
    EXPECT_FALSE(target.pair_sums_saturate);
    EXPECT_TRUE(target.fused_wrongly.empty());
    EXPECT_EQ(&find_target(target.name), &find_target(target.name));
  }
}

TEST(ExplicitTargets, ScalesArePowersOfTwoInWeightsWhereTheyAreInActivations) {
  for (const Target& target : explicit_targets()) {
    EXPECT_EQ(target.activation.is_power_of_2(), target.weight.is_power_of_2()) << target.name;
  }
}

/// The members of an aligned group take the master's parameters, which prescribed ones cannot.
TEST(ExplicitTargets, OutputsArePrescribedOnlyWhereNothingIsJoined) {
  for (const Target& target : explicit_targets()) {
    const auto joins = [](const OperatorRule& rule) { return rule.role == Role::kJoin; };
    const auto prescribes = [](const OperatorRule& rule) { return rule.output.has_value(); };
    EXPECT_FALSE(std::ranges::any_of(target.rules, joins) &&
                 std::ranges::any_of(target.rules, prescribes))
        << target.name;
  }
}

TEST(ExplicitTargets, ThoseOfPlatformsThatPpqKnowsHaveItsGrids) {
  // ppq/quantization/quantizer: TensorRT [-128, 127], MNN and ncnn [-127, 127], DSP [0, 255].
  const auto grid = [](std::string_view name) {
    const auto& config = find_target(name).activation;
    return std::vector<int64_t>{config.quant_min, config.quant_max, config.is_symmetric()};
  };
  EXPECT_THAT(grid("tensorrt"), testing::ElementsAre(-128, 127, 1));
  EXPECT_THAT(grid("ppl-cuda"), testing::ElementsAre(-128, 127, 1));
  EXPECT_THAT(grid("ncnn"), testing::ElementsAre(-127, 127, 1));
  EXPECT_THAT(grid("mnn"), testing::ElementsAre(-127, 127, 1));
  EXPECT_THAT(grid("qnn"), testing::ElementsAre(0, 255, 0));
  EXPECT_THAT(grid("qnn-16"), testing::ElementsAre(0, 65535, 0));
}

}  // namespace
}  // namespace rangefinder::targets
