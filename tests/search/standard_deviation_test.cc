#include "search/standard_deviation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "samples.h"

namespace rangefinder::search {
namespace {

using quantization::AffineParameters;
using quantization::Range;
using testing::DoubleNear;

TEST(StandardDeviation, SpreadIsThatOfTheRawValuesUpToTheBuckets) {
  for (const Sample& sample : samples(20000)) {
    double sum = 0;
    double magnitudes = 0;
    for (const float x : sample.values) {
      sum += x;
      magnitudes += std::abs(x);
    }
    const double mean = sum / 20000;
    double from_mean = 0;
    double from_zero = 0;
    for (const float x : sample.values) {
      from_mean += (x - mean) * (x - mean);
      from_zero += static_cast<double>(x) * x;
    }
    const auto found = spread(observed(sample.values));
    const double allowed = magnitudes / 20000 / 256;
    EXPECT_THAT(found->mean, DoubleNear(mean, allowed)) << sample.name;
    // Far from zero a bucket is wide beside the deviation.
    const double width = std::abs(mean) / 128;
    EXPECT_THAT(found->deviation_from_mean,
                DoubleNear(std::sqrt(from_mean / 20000),
                           0.004 * std::sqrt(from_mean / 20000) + 0.05 * width))
        << sample.name;
    EXPECT_THAT(found->deviation_from_zero / std::sqrt(from_zero / 20000), DoubleNear(1, 0.004))
        << sample.name;
  }
}

TEST(StandardDeviation, RangesLieAroundTheMeanOrZeroInsideTheExtremes) {
  std::vector<float> values;
  for (int i = 0; i < 100; ++i) values.insert(values.end(), {1.0f, 3.0f});
  const auto s = observed(values);  // Mean 2, deviation 1, from zero sqrt(5).
  EXPECT_THAT(standard_deviation_range(s, 0.5, false)->min, DoubleNear(1.5, 0.01));
  EXPECT_THAT(standard_deviation_range(s, 0.5, false)->max, DoubleNear(2.5, 0.01));
  EXPECT_EQ(standard_deviation_range(s, 3, false), (Range{1, 3}));
  EXPECT_THAT(standard_deviation_range(s, 1, true)->max, DoubleNear(std::sqrt(5), 0.01));
  EXPECT_EQ(standard_deviation_range(s, 3, true), (Range{-3, 3}));
}

TEST(StandardDeviation, OneSidedDataKeepsTheZeroPointAtTheEnd) {
  EXPECT_EQ(standard_deviation(observed({0, 0, 1, 2}), {0, 255}, 3)->zero_point, 0);
  EXPECT_EQ(standard_deviation(observed({0, 0, -1, -2}), {0, 255}, 3)->zero_point, 255);
}

TEST(StandardDeviation, OfConstantZeroAndNothing) {
  const auto constant = observed(std::vector<float>(10, 1.37f));
  EXPECT_EQ(standard_deviation_range(constant, 3, false), (Range{1.37f, 1.37f}));
  EXPECT_EQ(spread(constant)->deviation_from_mean, 0);
  EXPECT_EQ(standard_deviation(observed({0, 0}), {0, 255}, 3), (AffineParameters{1, 0}));
  EXPECT_EQ(standard_deviation(observed({}), {0, 255}, 3), std::nullopt);
  EXPECT_EQ(spread(observed({NAN, INFINITY})), std::nullopt);
  EXPECT_TRUE(
      std::isnormal(standard_deviation(observed({3e38f, -3e38f}), {-2, 1, true}, 3)->scale));
  EXPECT_TRUE(std::isnormal(standard_deviation(observed({1e-45f, 0}), {0, 255}, 3)->scale));
}

TEST(StandardDeviation, BadAlphaIsRefused) {
  for (const double alpha : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(standard_deviation_range(observed({1}), alpha, false), std::invalid_argument);
  }
}

}  // namespace
}  // namespace rangefinder::search
