#include "search/scale_ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace rangefinder::search {
namespace {

using testing::DoubleNear;

double no_bound(double) { return -1; }

TEST(SearchScale, FindsASmoothMinimumToATenThousandth) {
  const auto loss = [](double s) { return std::pow(std::log(s / 0.0123), 2); };
  EXPECT_THAT(search_scale(1, 1e-6, {}, loss, no_bound).scale, DoubleNear(0.0123, 1.3e-5));
}

TEST(SearchScale, FindsTheBestOfManyNarrowMinima) {
  // A place at 1, 1/1000 wide, met by a level whenever 1 / s is whole; the best is 1 / 97.
  const auto loss = [](double s) {
    const double miss = 1 / s - std::nearbyint(1 / s);
    return 0.01 + miss * miss + 1e-4 * std::abs(1 / s - 97);
  };
  EXPECT_THAT(search_scale(1, 1.0 / 300, {}, loss, no_bound).loss, DoubleNear(0.01, 2e-5));
}

TEST(SearchScale, EndsWhereTheBoundExceedsTheBestLoss) {
  double least = 1;
  const auto loss = [&](double s) {
    least = std::min(least, s);
    return std::abs(s - 0.5);
  };
  search_scale(1, 1e-30, {}, loss, [](double s) { return 0.1 - s; });
  EXPECT_GT(least, 0.05);
}

TEST(SearchScale, WithAToleranceTheLargestScaleOfTheBestWins) {
  const auto loss = [](double s) { return std::abs(s - 0.3); };
  const double found = search_scale(1, 0.01, {}, loss, no_bound, {.tolerance = 0.05}).scale;
  EXPECT_GT(found, 0.335);
  EXPECT_LE(found, 0.3501);
}

TEST(SearchScale, SparseRungsStillFindASmoothMinimum) {
  const auto loss = [](double s) { return std::pow(std::log(s / 0.01), 2); };
  const LadderOptions options{.sparse_below = 0.2, .sparse_above = 0.001};
  EXPECT_THAT(search_scale(1, 1e-6, {}, loss, no_bound, options).scale, DoubleNear(0.01, 1e-4));
}

TEST(SearchScale, OfEqualLossesTheFirstWins) {
  EXPECT_EQ(search_scale(
                1, 0.01, {0.3, 0.2}, [](double) { return 5.0; }, no_bound)
                .scale,
            0.3);
}

}  // namespace
}  // namespace rangefinder::search
