#include "refine/smoothing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "refine/product_problem.h"

namespace rangefinder::refine {
namespace {

std::optional<Smoothing> choose(const Problem& problem, double least_gain_db,
                                std::optional<float> upper = {}) {
  const SmoothedTensor tensor{problem.spread, {problem.matrix}, whole_range};
  return choose_smoothing(std::span(&tensor, 1), kGrid,
                          {.least_gain_db = least_gain_db, .upper = upper});
}

TEST(Smoothing, OfOutlierChannelsLowersTheErrorOfTheProduct) {
  const Problem problem(40);
  const std::vector<int> none(kChannels, 0);
  const auto found = choose(problem, 1);
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
  EXPECT_FALSE(choose(problem, 1));
}

/// Small gains are found only where they are asked for.
TEST(Smoothing, MustGainWhatIsAskedFor) {
  const Problem problem(3);
  const auto found = choose(problem, 0.1);
  ASSERT_TRUE(found);
  EXPECT_FALSE(choose(problem, found->gain_db + 0.01));
}

TEST(Smoothing, OfLargeWeightsIsNoHelpIfActivationsAreAlike) {
  Problem problem(1);
  // One row decides the steps of all columns; its channel may well take some of that.
  for (size_t o = 0; o < kColumns; ++o) problem.matrix.values[3 * kColumns + o] *= 100;
  const auto found = choose(problem, 1);
  if (!found) return;
  EXPECT_LE(problem.error(found->exponents), problem.error(std::vector<int>(kChannels, 0)));
}

/// The largest magnitude of each channel after it was divided.
std::vector<double> largest_after(const Problem& problem, const Smoothing& smoothing) {
  std::vector<double> largest;
  for (size_t c = 0; c < kChannels; ++c) {
    const double before = std::max(std::abs(static_cast<double>(problem.spread.min(c))),
                                   std::abs(static_cast<double>(problem.spread.max(c))));
    largest.push_back(std::ldexp(before, -smoothing.exponents[c]));
  }
  return largest;
}

TEST(Smoothing, LeavesHeadroomWhereItIsAskedFor) {
  Problem problem(40);
  problem.matrix.taps = kColumns;
  problem.matrix.group_rows = 1;
  const SmoothedTensor tensor{problem.spread, {problem.matrix}, whole_range};
  for (const double headroom : {0.5, 1.0, 2.0}) {
    const auto found =
        choose_smoothing(std::span(&tensor, 1), kGrid, {.least_gain_db = 1, .headroom = headroom});
    ASSERT_TRUE(found) << headroom;
    const auto largest = largest_after(problem, *found);
    const double top = *std::ranges::max_element(largest);
    for (size_t c = 0; c < kChannels; ++c) {
      const bool is_raised = found->exponents[c] < *std::ranges::max_element(found->exponents);
      if (is_raised) {
        EXPECT_LE(largest[c], top * std::exp2(-headroom)) << c;
      }
      EXPECT_GE(largest[c], top * std::exp2(-headroom - 1.6)) << c;
    }
  }
}

TEST(Smoothing, KeepsBelowWhatAClipLetsThrough) {
  Problem problem(40);
  problem.matrix.taps = kColumns;
  problem.matrix.group_rows = 1;
  const SmoothedTensor tensor{problem.spread, {problem.matrix}, whole_range};
  float upper = 0;
  for (size_t c = 0; c < kChannels; ++c) upper = std::max(upper, problem.spread.max(c));
  const auto found =
      choose_smoothing(std::span(&tensor, 1), kGrid, {.headroom = 1, .upper = upper});
  ASSERT_TRUE(found);
  const auto largest = largest_after(problem, *found);
  for (size_t c = 0; c < kChannels; ++c) {
    EXPECT_LE(found->exponents[c], 0) << "none is divided";
    if (found->exponents[c] < 0) {
      EXPECT_LE(largest[c], static_cast<double>(upper) / 4) << c;
    }
  }
}

/// Tensors that are added up share their scales: the sum of their errors decides.
TEST(Smoothing, OfSeveralTensorsIsOneForAll) {
  const Problem outliers(40);
  const Problem alike(1);
  const std::vector<SmoothedTensor> tensors = {{outliers.spread, {outliers.matrix}, whole_range},
                                               {alike.spread, {alike.matrix}, whole_range}};
  const auto found = choose_smoothing(tensors, kGrid, {.least_gain_db = 0.1});
  const auto alone = choose(outliers, 0.1);
  ASSERT_TRUE(found && alone);
  EXPECT_LT(found->gain_db, alone->gain_db);
  statistics::ChannelSpread narrow;
  narrow.add(std::vector<float>{1, 2, 3}, 3);
  const std::vector<SmoothedTensor> unequal = {{outliers.spread, {outliers.matrix}, whole_range},
                                               {narrow, {}, whole_range}};
  EXPECT_THROW(choose_smoothing(unequal, kGrid, {}), std::invalid_argument);
}

TEST(Smoothing, NeedsValuesAndMatricesThatFit) {
  const Problem problem(40);
  const statistics::ChannelSpread nothing;
  const auto choose_for = [](const statistics::ChannelSpread& spread,
                             std::vector<ReadMatrix> matrices) {
    const SmoothedTensor tensor{spread, std::move(matrices), whole_range};
    return choose_smoothing(std::span(&tensor, 1), kGrid, {});
  };
  EXPECT_FALSE(choose_for(problem.spread, {}));
  EXPECT_FALSE(choose_for(nothing, {problem.matrix}));
  ReadMatrix other = problem.matrix;
  other.values.pop_back();
  EXPECT_THROW(choose_for(problem.spread, {other}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::refine
