#include "search/divergence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "raw_divergence.h"
#include "samples.h"

namespace rangefinder::search {
namespace {

using quantization::Grid;
using testing::DoubleNear;

TEST(Divergence, EqualsThatOfTheRawDataForAnyScaleAndSplit) {
  for (const Sample& sample : samples(20000)) {
    for (const int64_t steps : {3, 15, 255, 65535}) {
      const Divergence divergence(observed(sample.values), steps);
      const RawDivergence raw(sample.values, {0, steps});
      const double extent = divergence.above().max() + divergence.below().max();
      for (int i = 0; i < 40; ++i) {
        const double scale = extent / static_cast<double>(steps) * std::exp2(-i / 10.0);
        for (const double share : {0.0, 0.2, 0.5, 0.8, 1.0}) {
          const auto below = static_cast<int64_t>(share * static_cast<double>(steps));
          const double expected = raw(scale, {steps - below, below});
          const double found = divergence(scale, {steps - below, below});
          if (std::isinf(expected) || std::isinf(found)) {
            ASSERT_EQ(found, expected) << sample.name;
          } else {
            ASSERT_THAT(found, DoubleNear(expected, 1e-9)) << sample.name << ' ' << steps;
          }
        }
      }
    }
  }
}

TEST(Divergence, OfAnEvenDistributionIsNothingButChance) {
  std::vector<float> values;
  for (int i = 0; i < 100000; ++i) values.push_back(1 + static_cast<float>(i) * 1e-5f);
  const Divergence divergence(observed(values), 15);
  EXPECT_THAT(divergence(2.0 / 15, {15, 0}), DoubleNear(0, 1e-3));
}

TEST(Divergence, OfTwoDensitiesInOneCellIsThatOfTheirShares) {
  // One cell holds [1, 1.0078125) with 300 values and [1.125, 1.1328125) with 100: two groups of
  // equal width, 3/4 and 1/4 instead of halves, less half a nat for the second group.
  std::vector<float> values(300, 1.004f);
  values.insert(values.end(), 100, 1.128f);
  const double expected = 0.75 * std::log(1.5) + 0.25 * std::log(0.5) - 0.5 / 400;
  EXPECT_THAT(Divergence(observed(values), 3)(1, {3, 0}), DoubleNear(expected, 1e-12));
}

TEST(Divergence, OfClippingIsThatOfTheCodes) {
  // Code 1 holds 300 values, code 2 100, which are added to code 1 if there is no code 2.
  std::vector<float> values(300, 1.0f);
  values.insert(values.end(), 100, 2.0f);
  EXPECT_THAT(Divergence(observed(values), 3)(1, {3, 0}), DoubleNear(0, 1e-12));
  values.insert(values.end(), 400, -1.0f);
  // P: 400 and 400 of 800; Q: 300 and 400 of 700; half a value more in the cell that is clipped to.
  const double plain = 0.5 * std::log(0.5 / (3.0 / 7)) + 0.5 * std::log(0.5 / (4.0 / 7));
  const double half = (400.5 * std::log(400.5 / 300.5) - 400 * std::log(400.0 / 300)) / 800;
  EXPECT_THAT(Divergence(observed(values), 3)(1, {1, 2}), DoubleNear(plain + half, 1e-12));
  EXPECT_EQ(Divergence(observed(values), 3).clipped_share(1, {1, 2}), 0.125);
}

TEST(Divergence, IsInfiniteWhereTooMuchIsClipped) {
  EXPECT_TRUE(std::isinf(Divergence(observed({1, 2, 2}), 3)(1, {1, 2})));
  EXPECT_TRUE(std::isfinite(Divergence(observed({1, 1, 1, 1, 9}), 15)(1, {5, 10})));
}

TEST(Divergence, ASideWithoutValuesGetsNoCode) {
  EXPECT_EQ(Divergence(observed({1, 2, 3}), 15).best_split(0.3).split, (Split{15, 0}));
  EXPECT_EQ(Divergence(observed({-1, -2, -3}), 15).best_split(0.3).split, (Split{0, 15}));
}

TEST(Divergence, TheBestSplitsOfAllScalesHoldTheBestOfAllSplits) {
  for (const Sample& sample : samples(50000)) {
    for (const int64_t steps : {3, 15, 255}) {
      const Divergence divergence(observed(sample.values), steps);
      if (divergence.above().empty() || divergence.below().empty()) continue;
      const double extent = divergence.above().max() + divergence.below().max();
      double found = 1e9;
      double least = 1e9;
      for (int i = 0; i < 64; ++i) {
        const double scale = extent / static_cast<double>(steps) * std::exp2(-i / 10.0);
        found = std::min(found, divergence.best_split(scale).divergence);
        const int64_t first = divergence.below().max() > scale / 2 ? 1 : 0;
        const int64_t last = divergence.above().max() > scale / 2 ? steps - 1 : steps;
        for (int64_t below = first; below <= last; ++below) {
          least = std::min(least, divergence(scale, {steps - below, below}));
        }
      }
      EXPECT_LE(found, 1.002 * least + 4.0 / 50000) << sample.name << ' ' << steps;
    }
  }
}

}  // namespace
}  // namespace rangefinder::search
