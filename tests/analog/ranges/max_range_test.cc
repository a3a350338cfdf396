#include "analog/ranges/max_range.h"

#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>

#include "analog/calls.h"

namespace rangefinder::analog {
namespace {

using testing::ElementsAre;

TEST(MaxRange, IsTheLargestMagnitudeOfEachSlice) {
  MaxRange one(1);
  EXPECT_THAT(worked_example(-1).ranges(one).value(), ElementsAre(6.0f));
  MaxRange two(2);
  EXPECT_THAT(worked_example(2).ranges(two).value(), ElementsAre(6.0f, 2.5f));
}

TEST(MaxRange, OfASliceThatSawOnlyZerosIsZero) {
  MaxRange method(2);
  EXPECT_THAT((LinearCalls{2, 1, {{3, 0}, {-1, 0}}}.ranges(method).value()), ElementsAre(3, 0));
}

TEST(MaxRange, WithoutRowsIsNothing) {
  MaxRange method(1);
  EXPECT_FALSE(method.ranges().has_value());
  EXPECT_FALSE((LinearCalls{2, -1, {{0, 0, 0, 0}}}.ranges(method).has_value()));
}

TEST(MaxRange, RefusesNanAndRemembersNothingOfThatCall) {
  MaxRange method(1);
  const LinearCalls calls{2, -1, {{1, 2}, {9, NAN}, {INFINITY, 0}}};
  calls.show(method, 0);
  EXPECT_THROW(calls.show(method, 1), std::domain_error);
  EXPECT_THROW(calls.show(method, 2), std::domain_error);
  EXPECT_THAT(method.ranges().value(), ElementsAre(2.0f));
}

TEST(MaxRange, InCompatibilityPassesOverNanAndTakesInfinity) {
  MaxRange method(1, Compatibility::kAihwkit);
  EXPECT_EQ((LinearCalls{2, -1, {{1, 2}, {9, NAN}}}.ranges(method)->at(0)), 2.0f);
  MaxRange infinite(1, Compatibility::kAihwkit);
  EXPECT_TRUE(std::isinf((LinearCalls{2, -1, {{1, -INFINITY}}}.ranges(infinite)->at(0))));
}

}  // namespace
}  // namespace rangefinder::analog
