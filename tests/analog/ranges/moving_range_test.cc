#include "analog/ranges/moving_range.h"

#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>

#include "analog/calls.h"

namespace rangefinder::analog {
namespace {

using testing::FloatEq;
using testing::FloatNear;
using testing::Pointwise;

std::vector<float> ranges(InputRangeType type, InputRangeOptions options, int64_t limit) {
  const LinearCalls calls = worked_example(limit);
  return calls.ranges(*method_for(type, options, calls)).value();
}

const InputRangeOptions kReference = {.quantile = 0.75, .compatibility = Compatibility::kAihwkit};

// The reference's own figures.
TEST(MovingRange, InCompatibilityGivesTheReferencesFigures) {
  const auto type = InputRangeType::kMovingQuantile;
  EXPECT_THAT(ranges(type, kReference, -1), Pointwise(FloatEq(), {1.5625f}));
  EXPECT_THAT(ranges(type, kReference, 2), Pointwise(FloatEq(), {0.0f, 1.5625f}));
  InputRangeOptions whole = kReference;
  whole.quantile = 1.0;
  EXPECT_THAT(ranges(type, whole, 2), Pointwise(FloatEq(), {5.0f, 1.75f}));
}

TEST(MovingRange, OfDeviationsGivesTheReferencesFiguresInBothModes) {
  for (const auto mode : {Compatibility::kNone, Compatibility::kAihwkit}) {
    InputRangeOptions options{.compatibility = mode};
    EXPECT_THAT(ranges(InputRangeType::kMovingStd, options, -1),
                Pointwise(FloatNear(1e-5f), {8.421775f}));
    options.std_alpha = 2.0;
    EXPECT_THAT(ranges(InputRangeType::kMovingStd, options, 2),
                Pointwise(FloatNear(1e-5f), {7.228719f, 1.581139f}));
  }
}

TEST(MovingRange, TakesTheLayersAlphaUnlessToldOtherwise) {
  const LinearCalls calls = worked_example(-1);
  RpuConfig config;
  config.pre_post.input_range.init_std_alpha = 6.0;
  const auto method = method_for(InputRangeType::kMovingStd, {}, calls, config);
  EXPECT_NEAR(calls.ranges(*method)->at(0), 2 * 8.421775f, 2e-5f);
}

// Magnitudes of the calls: .5 1 1 1 2 2.5 3 4 -> rank 5.25 = 2.625; 0 1 1 6 -> rank 2.25 = 2.25.
TEST(MovingRange, ByDefaultTakesQuantilesOfMagnitudes) {
  EXPECT_THAT(ranges(InputRangeType::kMovingQuantile, {.quantile = 0.75}, -1),
              Pointwise(FloatEq(), {(2.625f + 2.25f) / 2}));
}

TEST(MovingRange, IsPositiveWhereTheSignedQuantileIsNegative) {
  const LinearCalls calls{2, -1, {{-1, -2, -3, -4}}};
  InputRangeOptions options{.quantile = 0.75};
  EXPECT_FLOAT_EQ(calls.ranges(*method_for(InputRangeType::kMovingQuantile, options, calls))->at(0),
                  3.25f);
  options.compatibility = Compatibility::kAihwkit;
  EXPECT_FLOAT_EQ(calls.ranges(*method_for(InputRangeType::kMovingQuantile, options, calls))->at(0),
                  -1.75f);
}

TEST(MovingRange, DoesNotDependOnTheOrderOfCalls) {
  LinearCalls calls{1, -1, {}};
  for (int i = 0; i < 50; ++i) calls.calls.push_back({std::exp(0.3f * static_cast<float>(i))});
  const auto forward = method_for(InputRangeType::kMovingQuantile, {}, calls);
  const auto backward = method_for(InputRangeType::kMovingQuantile, {}, calls);
  for (size_t i = 0; i < 50; ++i) {
    calls.show(*forward, i);
    calls.show(*backward, 49 - i);
  }
  EXPECT_EQ(forward->ranges(), backward->ranges());
}

TEST(MovingRange, PassesOverCallsWithoutRowsAndDeviationsOfOneEntry) {
  for (const auto type : {InputRangeType::kMovingStd, InputRangeType::kMovingQuantile}) {
    const LinearCalls calls{1, -1, {{0, 0}, {}, {5}, {1, 2, 3}}};
    const auto method = method_for(type, {.quantile = 1.0}, calls);
    const float expected = type == InputRangeType::kMovingStd ? 3.0f : 4.0f;
    EXPECT_FLOAT_EQ(calls.ranges(*method)->at(0), expected);
  }
}

TEST(MovingRange, WithoutRowsIsNothing) {
  const LinearCalls calls{2, -1, {{0, 0}}};
  EXPECT_FALSE(calls.ranges(*method_for(InputRangeType::kMovingStd, {}, calls)).has_value());
}

TEST(MovingRange, RefusesNanAndTheSameCallTwice) {
  const LinearCalls calls{1, -1, {{1, 2}, {NAN, 1}}};
  for (const auto type : {InputRangeType::kMovingStd, InputRangeType::kMovingQuantile}) {
    const auto method = method_for(type, {}, calls);
    calls.show(*method, 0);
    EXPECT_THROW(calls.show(*method, 1), std::domain_error);
    EXPECT_THROW(calls.show(*method, 0), std::invalid_argument);
  }
}

}  // namespace
}  // namespace rangefinder::analog
