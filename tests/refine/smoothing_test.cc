#include "refine/smoothing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "refine/product_problem.h"

namespace rangefinder::refine {
namespace {

TEST(Smoothing, OfOutlierChannelsLowersTheErrorOfTheProduct) {
  const Problem problem(40);
  const std::vector<int> none(kChannels, 0);
  const auto found =
      choose_smoothing(problem.spread, std::span(&problem.matrix, 1), kGrid, whole_range, 1);
  ASSERT_TRUE(found);
  const double before = problem.error(none);
  const double after = problem.error(found->exponents);
  EXPECT_LT(after, before / 20);
  // The estimate that chose it is right, too.
  EXPECT_NEAR(10 * std::log10(before / after), found->gain_db, 1.5);
  for (size_t c = 0; c < kChannels; ++c) {
    if (c % 10 != 4) continue;
    EXPECT_GT(found->exponents[c], found->exponents[0]) << c;
  }
}

TEST(Smoothing, IsLeftAloneWhereChannelsAreAlike) {
  const Problem problem(1);
  EXPECT_FALSE(
      choose_smoothing(problem.spread, std::span(&problem.matrix, 1), kGrid, whole_range, 1));
}

/// Small gains are found only where they are asked for.
TEST(Smoothing, MustGainWhatIsAskedFor) {
  const Problem problem(3);
  const std::span matrices(&problem.matrix, 1);
  const auto found = choose_smoothing(problem.spread, matrices, kGrid, whole_range, 0.1);
  ASSERT_TRUE(found);
  EXPECT_FALSE(
      choose_smoothing(problem.spread, matrices, kGrid, whole_range, found->gain_db + 0.01));
}

TEST(Smoothing, OfLargeWeightsIsNoHelpIfActivationsAreAlike) {
  Problem problem(1);
  // One row decides the steps of all columns; its channel may well take some of that.
  for (size_t o = 0; o < kColumns; ++o) problem.matrix.values[3 * kColumns + o] *= 100;
  const auto found =
      choose_smoothing(problem.spread, std::span(&problem.matrix, 1), kGrid, whole_range, 1);
  if (!found) return;
  EXPECT_LE(problem.error(found->exponents), problem.error(std::vector<int>(kChannels, 0)));
}

TEST(Smoothing, NeedsValuesAndMatricesThatFit) {
  const Problem problem(40);
  EXPECT_FALSE(choose_smoothing(problem.spread, {}, kGrid, whole_range, 0));
  EXPECT_THROW(choose_smoothing({}, std::span(&problem.matrix, 1), kGrid, whole_range, 0),
               std::invalid_argument);
  ReadMatrix other = problem.matrix;
  other.values.pop_back();
  EXPECT_THROW(choose_smoothing(problem.spread, std::span(&other, 1), kGrid, whole_range, 0),
               std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::refine
