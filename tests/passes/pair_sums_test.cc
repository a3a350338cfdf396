#include "passes/pair_sums.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace rangefinder::passes {
namespace {

/// What scale_for_pair_sums() minimizes.
double cost(const std::vector<float>& sums, size_t count, double scale) {
  double total = static_cast<double>(count) * scale * scale / 12;
  for (const double sum : sums) {
    const double excess = std::max(0.0, sum - kLargestPairSum * scale);
    total += excess * excess / 2;
  }
  return total;
}

TEST(PairSums, LimitIsTheLastThatFits16Bits) {
  EXPECT_LE(255 * kLargestPairSum, 32767);
  EXPECT_GT(255 * (kLargestPairSum + 1), 32768);
}

TEST(PairSums, NothingToDoKeepsTheScale) {
  EXPECT_EQ(scale_for_pair_sums({}, 100, 0.25f), 0.25f);
  EXPECT_EQ(scale_for_pair_sums(std::vector<float>{32.0f}, 100, 0.25f), 0.25f);
}

TEST(PairSums, ScaleMinimizesTheExpectedError) {
  std::mt19937 generator(7);
  std::normal_distribution<float> normal;
  for (const size_t pair_count : {1, 2, 9, 100, 3000}) {
    const float least = 3.0f / 127;
    std::vector<float> sums;
    for (size_t i = 0; i < pair_count; ++i)
      sums.push_back(std::min(6.0f, std::abs(2 * normal(generator))));
    const double best = scale_for_pair_sums(sums, 2 * pair_count, least);
    ASSERT_GE(best, least);
    for (double scale = least; scale < 2.1 * least; scale *= 1.003) {
      EXPECT_LE(cost(sums, 2 * pair_count, best), cost(sums, 2 * pair_count, scale) * (1 + 1e-6))
          << pair_count << " pairs, " << scale << " against " << best;
    }
  }
}

TEST(PairSums, CollectsNeighboursOfOneSign) {
  std::vector<float> sums;
  collect_pair_sums(std::vector<float>{1, 2, 2, -2, -3, -4, 0, 5, 6}, 2.5f, sums);
  EXPECT_THAT(sums, testing::ElementsAre(3, 7));
  sums.clear();
  collect_pair_sums(std::vector<float>{}, 0, sums);
  EXPECT_TRUE(sums.empty());
}

TEST(PairSums, BoundPairsAreTheNearestSafeOnes) {
  // Every pair of codes against the best of all safe pairs.
  for (int a = -127; a <= 127; a += 3) {
    for (int b = -127; b <= 127; b += 2) {
      const std::vector<float> real = {static_cast<float>(a), static_cast<float>(b)};
      std::vector<int8_t> codes = {static_cast<int8_t>(a), static_cast<int8_t>(b)};
      bound_pair_sums(real, 1, codes);
      ASSERT_LE(std::abs(codes[0] + codes[1]), kLargestPairSum);
      const auto distance = [&](int c, int d) { return (a - c) * (a - c) + (b - d) * (b - d); };
      if (std::abs(a + b) <= kLargestPairSum) {
        ASSERT_EQ(distance(codes[0], codes[1]), 0);
        continue;
      }
      int best = 1 << 20;
      const int sign = a > 0 ? 1 : -1;
      for (int c = 1; c < kLargestPairSum; ++c) {
        best = std::min(best, distance(sign * c, sign * (kLargestPairSum - c)));
      }
      ASSERT_EQ(distance(codes[0], codes[1]), best) << a << " " << b;
    }
  }
}

TEST(PairSums, LastOfAnOddNumberIsAlone) {
  std::vector<int8_t> codes = {100, 100, 127};
  bound_pair_sums(std::vector<float>{1, 1, 1.27f}, 0.01f, codes);
  EXPECT_THAT(codes, testing::ElementsAre(64, 64, 127));
}

}  // namespace
}  // namespace rangefinder::passes
