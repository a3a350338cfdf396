#include "statistics/moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace rangefinder::statistics {
namespace {

TensorStatistics of(const std::vector<float>& values) {
  TensorStatistics statistics;
  statistics.add(values);
  return statistics;
}

/// Mean and deviation of the raw values, by two passes in extended precision.
Moments exact(const std::vector<float>& values) {
  const auto count = static_cast<long double>(values.size());
  long double sum = 0;
  for (const float value : values) sum += value;
  const long double mean = sum / count;
  long double squares = 0;
  for (const float value : values) squares += (value - mean) * (value - mean);
  return {static_cast<double>(mean), static_cast<double>(std::sqrt(squares / count)), 0};
}

void expect_within_bound(const std::vector<float>& values, const char* what) {
  const auto found = moments(of(values));
  ASSERT_TRUE(found) << what;
  const Moments truth = exact(values);
  EXPECT_LE(std::fabs(found->mean - truth.mean), found->error_bound) << what;
  EXPECT_LE(std::fabs(found->standard_deviation - truth.standard_deviation), found->error_bound)
      << what;
  const double rms = std::hypot(truth.mean, truth.standard_deviation);
  EXPECT_LE(found->error_bound, rms * 0x1p-7 + 0x1p-133) << what;
}

TEST(Moments, StayWithinTheirBound) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> centred, shifted, decades, far, subnormal;
  for (int i = 0; i < 20'000; ++i) {
    const float x = normal(random);
    centred.push_back(x);
    shifted.push_back(x + 3);
    decades.push_back(std::exp(4 * x));
    far.push_back(1000 + x / 100);
    subnormal.push_back(x * 1e-40f);
  }
  expect_within_bound(centred, "centred");
  expect_within_bound(shifted, "shifted");
  expect_within_bound(decades, "decades");
  expect_within_bound(far, "far from zero");
  expect_within_bound(subnormal, "subnormal");
  expect_within_bound({3.0e38f, -3.0e38f, 3.4e38f}, "huge");
}

TEST(Moments, AreExactForConstantData) {
  for (const float value : {0.1f, -7.3f, 0.0f, 1e-42f}) {
    const auto found = moments(of(std::vector<float>(1000, value)));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->mean, value);
    EXPECT_EQ(found->standard_deviation, 0);
  }
}

TEST(Moments, AreEmptyWithoutAFiniteValue) {
  EXPECT_FALSE(moments({}));
  EXPECT_FALSE(moments(of({std::nanf(""), std::numeric_limits<float>::infinity()})));
}

}  // namespace
}  // namespace rangefinder::statistics
