#include "search/bucket_sums.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rangefinder::search {
namespace {

using testing::DoubleNear;

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kWidth = 1.0 / 128;

/// Buckets of [1, 2) with these counts from the first on.
std::vector<Segment> buckets(const std::vector<double>& counts) {
  std::vector<Segment> result;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double lower = 1 + static_cast<double>(i) * kWidth;
    if (counts[i] > 0) result.push_back({lower, lower + kWidth, counts[i]});
  }
  return result;
}

TEST(BucketSums, SpreadAGroupEvenlyAcrossItsGaps) {
  const BucketSums sums(buckets({30, 0, 10, 0, 0}), 1.02, {kInfinite});
  EXPECT_EQ(sums.total().count, 40);
  EXPECT_EQ(sums.total().groups, 1);
  EXPECT_DOUBLE_EQ(sums.total().width, 3 * kWidth);
  EXPECT_DOUBLE_EQ(sums.below(1 + 1.5 * kWidth).count, 20);
  EXPECT_DOUBLE_EQ(sums.below(1 + 1.5 * kWidth).groups, 0.5);
  EXPECT_DOUBLE_EQ(sums.total().entropy, 40 * std::log(40 / (3 * kWidth)));
  EXPECT_EQ(sums.below(1).count, 0);
  EXPECT_EQ(sums.below(1.02).count, 40) << "everything at the largest magnitude";
}

TEST(BucketSums, EndAGroupWhereItHasEnoughOrAnEighthOfAnOctaveIsOver) {
  const std::vector<double> counts(32, 10);
  EXPECT_EQ(BucketSums(buckets(counts), 1.25, {kInfinite}).total().groups, 2);
  EXPECT_EQ(BucketSums(buckets(counts), 1.25, {20}).total().groups, 16);
  EXPECT_EQ(BucketSums(buckets(counts), 1.25, {1}).total().groups, 32);
}

TEST(BucketSums, KnowTheInformationOfASlopeWithoutWhatChanceAdds) {
  // Density 1000 x over [1, 2): the integral of p'^2 / p is 1000 ln 2.
  std::vector<double> counts;
  for (int i = 0; i < 128; ++i) counts.push_back(1e9 * (1 + (i + 0.5) * kWidth) * kWidth);
  const BucketSums sums(buckets(counts), 2, {kInfinite});
  // The groups at the ends have one neighbour only and count nothing.
  const double expected = 1e9 * std::log(1.875 / 1.125);
  EXPECT_THAT(sums.total().information, DoubleNear(expected, 0.01 * expected));
}

TEST(BucketSums, OfAnEmptySideAreZero) {
  const BucketSums sums({}, 5, {kInfinite});
  EXPECT_TRUE(sums.empty());
  EXPECT_EQ(sums.max(), 0);
  EXPECT_EQ(sums.below(0.3).count, 0);
}

}  // namespace
}  // namespace rangefinder::search
