#include "observers/ppq/isotone.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/error.h"
#include "observers/ppq/fixture.h"

namespace rangefinder::observers::ppq {
namespace {

TEST(PpqIsotone, ReproducesTheAnchors) {
  EXPECT_EQ(scale_bits("isotone", symmetric()), 0x3c8313efu);
  EXPECT_EQ(scale_bits("isotone", asymmetric()), 0x3c024cd5u);
  EXPECT_EQ(scale_bits("isotone", symmetric(4)), 0x3e852c07u);
  EXPECT_EQ(scale_bits("isotone", power_of_2(symmetric())), 0x3c8313efu) << "ignored there";
  EXPECT_EQ(solve("isotone", asymmetric(), anchor_batches()).parameters[0].zero_point, 0);
}

TEST(PpqIsotone, FallsBackToTheLastRowAlone) {
  const auto batches = batch_of({2, 2}, {500, 500, 255, 255});
  EXPECT_EQ(solve("isotone", asymmetric(), batches).parameters[0].scale, 1);
}

TEST(PpqIsotone, FindsScaleZeroWhereNoSecondElementIsPositive) {
  const auto solution = solve("isotone", symmetric(), batch_of({1, 3}, {0, 5, 0}));
  EXPECT_EQ(solution.parameters[0].scale, 0);
  Config config = symmetric();
  EXPECT_THROW(config.activate({0}, {0}), std::invalid_argument);
}

TEST(PpqIsotone, RefusesTheAxesThatTheOriginalGetsWrong) {
  const auto batches = support::stream_batches("normal", 1, {2, 3, 4, 5}, 1);
  EXPECT_NO_THROW(solve("isotone", symmetric(), batches, {.axis = 3}));
  EXPECT_NO_THROW(solve("isotone", symmetric(), batches, {.axis = 1}));
  EXPECT_THROW(solve("isotone", symmetric(), batches, {.axis = 2}), Error);
  EXPECT_THROW(solve("isotone", symmetric(), batches, {.axis = 0}), Error);
  EXPECT_THROW(solve("isotone", symmetric(), batch_of({3, 1}, {1, 2, 3})), Error);
  EXPECT_THROW(solve("isotone", symmetric(), batch_of({}, {1})), Error);
  EXPECT_THROW(solve("isotone", per_channel(symmetric(), 1), batches), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::observers::ppq
