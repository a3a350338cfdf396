#include "report/bins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string_view>
#include <vector>

namespace rangefinder::report {
namespace {

using testing::IsEmpty;

double sum(const std::vector<double>& counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

statistics::TensorStatistics seen(const std::vector<float>& values) {
  statistics::TensorStatistics statistics;
  statistics.add(values);
  return statistics;
}

/// As the page's script does.
std::vector<double> unpacked(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::vector<double> counts;
  for (size_t i = 0; i < text.size(); i += 2) {
    const size_t code = kDigits.find(text[i]) * 64 + kDigits.find(text[i + 1]);
    counts.push_back(std::exp2(static_cast<double>(code) / 64) - 1);
  }
  return counts;
}

TEST(LogBins, CountEachValueInItsOctave) {
  const auto bins = log_bins(seen({1.0f, 1.5f, 2.0f, -3.0f, 0.0f}).histogram);
  EXPECT_EQ(bins.first_octave, 0);
  EXPECT_EQ(bins.negative.size(), bins.positive.size());
  EXPECT_EQ(sum(bins.positive), 3);
  EXPECT_EQ(sum(bins.negative), 1);
  const auto per = static_cast<size_t>(bins.per_octave);
  EXPECT_EQ(bins.positive[0], 1);
  EXPECT_EQ(bins.positive[per / 2], 1);
  EXPECT_EQ(bins.positive[per], 1);
  EXPECT_EQ(bins.negative[per + per / 2], 1);
}

TEST(LogBins, WhatIsFarBelowIsOneNumber) {
  std::vector<float> values(10000, 8.0f);
  values.push_back(1e-20f);
  values.push_back(-1e-30f);
  const auto bins = log_bins(seen(values).histogram);
  EXPECT_EQ(bins.first_octave, 3);
  EXPECT_EQ(bins.below, 2);
  EXPECT_EQ(sum(bins.positive) + sum(bins.negative) + bins.below, 10002);
}

TEST(LogBins, AreNeverMoreThanTheMost) {
  std::vector<float> values;
  for (int octave = -140; octave < 128; ++octave) values.push_back(std::ldexp(1.0f, octave));
  const auto bins = log_bins(seen(values).histogram);
  EXPECT_LE(bins.positive.size(), kMostLogBins);
  EXPECT_EQ(sum(bins.positive) + bins.below, 268);
}

TEST(LogBins, OfNothingAndOfZerosAreEmpty) {
  EXPECT_THAT(log_bins({}).positive, IsEmpty());
  EXPECT_THAT(log_bins(seen({0, 0}).histogram).positive, IsEmpty());
}

TEST(LinearBins, SpanAllValuesAndZero) {
  const auto bins = linear_bins(seen({2, 4, 4, 0}));
  EXPECT_EQ(bins.lower, 0);
  EXPECT_NEAR(bins.lower + bins.width * kLinearBins, 4, 1e-12);
  EXPECT_NEAR(sum(bins.counts), 3, 1e-9);
  EXPECT_NEAR(bins.counts[kLinearBins / 2], 1, 1e-9);
  EXPECT_NEAR(bins.counts.back(), 2, 1e-9);
}

TEST(LinearBins, TakeTheLargestFloats) {
  const auto bins = linear_bins(seen({3.4e38f, -3.4e38f}));
  EXPECT_NEAR(sum(bins.counts), 2, 1e-9);
  EXPECT_TRUE(std::isfinite(bins.width));
}

TEST(LinearBins, OfNothingAndOfZerosAreEmpty) {
  EXPECT_THAT(linear_bins({}).counts, IsEmpty());
  EXPECT_THAT(linear_bins(seen({0})).counts, IsEmpty());
}

TEST(PackedCounts, RestoreToLessThanAPercent) {
  std::vector<double> counts = {0, 1, 2, 3, 10, 63, 1000, 123456, 1e12, 4e18};
  const auto found = unpacked(packed_counts(counts));
  ASSERT_EQ(found.size(), counts.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    EXPECT_NEAR(found[i], counts[i], counts[i] < 64 ? 0.5 : counts[i] * 0.006);
  }
}

}  // namespace
}  // namespace rangefinder::report
