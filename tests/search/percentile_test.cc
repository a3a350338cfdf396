#include "search/percentile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

#include "samples.h"

namespace rangefinder::search {
namespace {

using quantization::Range;
using testing::DoubleNear;

constexpr double kBucketWidth = 1.0 / statistics::ValueHistogram::kBucketsPerOctave;

/// The values are in ascending order.
double exact_quantile(const std::vector<float>& values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const auto rank = static_cast<size_t>(position);
  if (rank + 1 >= values.size()) return values.back();
  const double share = position - static_cast<double>(rank);
  return values[rank] + share * (static_cast<double>(values[rank + 1]) - values[rank]);
}

/// The documented guarantee: a bucket's width at the larger neighbour.
double allowed_error(const std::vector<float>& sorted, double q) {
  const auto rank = static_cast<size_t>(q * static_cast<double>(sorted.size() - 1));
  const size_t next = std::min(rank + 1, sorted.size() - 1);
  return kBucketWidth * std::max(std::abs(sorted[rank]), std::abs(sorted[next]));
}

TEST(Quantile, StaysWithinABucketOfTheExactOneAtEveryRank) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0.3f, 2);
  std::vector<float> values(20000);
  for (float& x : values) x = normal(random);
  std::vector<float> magnitudes = values;
  for (float& x : magnitudes) x = std::abs(x);
  std::ranges::sort(values);
  std::ranges::sort(magnitudes);
  const auto s = observed(values);
  for (int i = 0; i <= 400; ++i) {
    const double q = i / 400.0;
    const double exact = exact_quantile(values, q);
    ASSERT_THAT(*quantile(s, q), DoubleNear(exact, allowed_error(values, q))) << q;
    const double exact_magnitude = exact_quantile(magnitudes, q);
    ASSERT_THAT(*absolute_quantile(s, q), DoubleNear(exact_magnitude, allowed_error(magnitudes, q)))
        << q;
  }
}

TEST(Percentile, OfOneIsTheExactExtremes) {
  const auto s = observed({-3.3f, 0.1f, 0.2f, 7.7f});
  EXPECT_EQ(percentile_range(s, 1, false), (Range{-3.3f, 7.7f}));
  EXPECT_EQ(percentile_range(s, 1, true), (Range{-7.7f, 7.7f}));
}

TEST(Percentile, IsNotTheLeftEdgeOfItsBucket) {
  // A histogram that answers with left edges gives 1.0 for values spread over [1, 1 + 2^-7).
  std::vector<float> values(1001);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = 1 + static_cast<float>(i * kBucketWidth / 1001);
  }
  const double result = *quantile(observed(values), 0.75);
  EXPECT_THAT(result, DoubleNear(1 + 0.75 * kBucketWidth, 1e-5));
}

TEST(Percentile, OfASparseTensorIsThatOfItsNonZeroValues) {
  std::vector<float> values(1000000, 0.0f);
  for (int i = 0; i < 5; ++i) values[i] = 1.0f + i;
  const auto s = observed(values);
  EXPECT_THAT(percentile_range(s, 0.9999, true)->max, DoubleNear(5, 0.05));
  EXPECT_GT(percentile(s, {0, 255}, 0.9999)->scale, 0.019f);
  EXPECT_EQ(percentile(s, {0, 255}, 0.9999)->zero_point, 0);
  for (float& x : values) x = -x;
  EXPECT_EQ(percentile(observed(values), {0, 255}, 0.9999)->zero_point, 255);
}

TEST(Percentile, ConstantAllZeroAndOneElementAreExact) {
  for (const float x : {1.37f, -1.37f, 1e-40f, 3e38f}) {
    const auto constant = observed(std::vector<float>(1000, x));
    EXPECT_EQ(percentile_range(constant, 0.99, false), (Range{x, x}));
    EXPECT_EQ(percentile_range(observed({x}), 0.99, false), (Range{x, x}));
    EXPECT_TRUE(std::isnormal(percentile(constant, {-2, 1, true}, 0.99)->scale));
  }
  const auto zeros = observed(std::vector<float>(1000, 0.0f));
  EXPECT_EQ(percentile(zeros, {0, 255}, 0.9999), (quantization::AffineParameters{1, 0}));
}

TEST(Percentile, LeavesOutWhatIsNotFinite) {
  EXPECT_EQ(percentile_range(observed({NAN, INFINITY, 1, 2}), 1, false), (Range{1, 2}));
  EXPECT_EQ(percentile_range(observed({NAN, -INFINITY}), 1, false), std::nullopt);
  EXPECT_EQ(quantile(observed({}), 0.5), std::nullopt);
  EXPECT_EQ(absolute_quantile(observed({}), 0.5), std::nullopt);
}

TEST(Percentile, OutsideItsBoundsIsRefused) {
  const auto s = observed({1, 2});
  for (const double p : {0.0, -0.1, 1.0001, std::nan("")}) {
    EXPECT_THROW(percentile_range(s, p, false), std::invalid_argument) << p;
  }
  EXPECT_THROW(quantile(s, 1.5), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::search
