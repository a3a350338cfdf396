#include "analog/ranges/rank.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace rangefinder::analog {
namespace {

TEST(QuantileRank, LiesBetweenTwoValues) {
  EXPECT_EQ(quantile_rank(0.75, 4, Compatibility::kNone), (Rank{2, 0.25}));
  EXPECT_EQ(quantile_rank(1.0, 4, Compatibility::kNone), (Rank{3, 0.0}));
  EXPECT_EQ(quantile_rank(0.3, 1, Compatibility::kNone), (Rank{0, 0.0}));
}

// At 2^24 values the float32 product is a whole number: the fraction is lost.
TEST(QuantileRank, InCompatibilityIsRoundedToFloat) {
  const Rank exact = quantile_rank(0.99995, 1 << 24, Compatibility::kNone);
  const Rank rounded = quantile_rank(0.99995, 1 << 24, Compatibility::kAihwkit);
  EXPECT_NE(exact.fraction, 0.0);
  EXPECT_EQ(rounded.fraction, 0.0);
  EXPECT_NEAR(static_cast<double>(rounded.lower), static_cast<double>(exact.lower), 2.0);
}

TEST(QuantileRank, RefusesNoValuesAndBadQuantiles) {
  EXPECT_THROW(quantile_rank(0.5, 0, Compatibility::kNone), std::invalid_argument);
  EXPECT_THROW(quantile_rank(1.5, 2, Compatibility::kNone), std::invalid_argument);
}

TEST(Interpolate, IsExactAtBothEnds) {
  EXPECT_EQ(interpolate(0.1f, 0.7f, 0.0), 0.1f);
  EXPECT_EQ(interpolate(0.1f, 0.7f, 1.0), 0.7f);
  EXPECT_FLOAT_EQ(interpolate(1.0f, 2.0f, 0.25), 1.25f);
}

}  // namespace
}  // namespace rangefinder::analog
