#include "statistics/exact_sum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "statistics/samples.h"

namespace rangefinder::statistics {
namespace {

using Limits = std::numeric_limits<float>;

double sum_of(const std::vector<float>& values) {
  ExactSum sum;
  for (const float value : values) sum.add(value);
  return sum.value();
}

TEST(ExactSum, KeepsWhatAPlainSumLoses) {
  const std::vector<float> values = {1e30f, 1, -1e30f};
  double plain = 0;
  for (const float value : values) plain += value;
  ASSERT_EQ(plain, 0);
  EXPECT_EQ(sum_of(values), 1);
}

TEST(ExactSum, HoldsEveryFloat) {
  for (const float value :
       {0.0f, -0.0f, 1.0f, -1.5f, Limits::max(), Limits::lowest(), Limits::min(),
        Limits::denorm_min(), -Limits::denorm_min(), 3.0f * Limits::denorm_min()}) {
    EXPECT_EQ(sum_of({value}), value);
    EXPECT_EQ(sum_of({value, value, value, value}), 4.0 * value);
    EXPECT_EQ(sum_of({value, 1, -value, -1}), 0);
  }
}

TEST(ExactSum, EqualsADoubleSumWhereThatIsExact) {
  std::vector<float> values;
  double expected = 0;
  for (int i = 1; i < 1000; ++i) {
    values.push_back(static_cast<float>(i * (i % 3 - 1)) / 64);
    expected += values.back();
  }
  EXPECT_EQ(sum_of(values), expected);
}

TEST(ExactSum, RoundsOnceToNearestWithTiesToEven) {
  const float unit = 0x1p-53f;
  EXPECT_EQ(sum_of({1, unit}), 1);
  EXPECT_EQ(sum_of({1, unit, Limits::denorm_min()}), 1 + 0x1p-52);
  EXPECT_EQ(sum_of({1, 0x1p-52f, unit}), 1 + 2 * 0x1p-52);
  EXPECT_EQ(sum_of({-1, -unit, -Limits::denorm_min()}), -1 - 0x1p-52);
}

TEST(ExactSum, AddsIntegersOfAnyUnit) {
  for (const int exponent : {-149, -100, -86, -85, -1, 0, 1, 43, 105, 128}) {
    for (const int64_t value : {int64_t{0}, int64_t{1}, int64_t{-1}, (int64_t{1} << 40) + 1,
                                -(int64_t{1} << 40) - 1, INT64_MIN}) {
      ExactSum sum;
      sum.add(value, exponent);
      EXPECT_EQ(sum.value(), std::ldexp(static_cast<double>(value), exponent)) << exponent;
      sum.add(1.5f);
      sum.add(value == INT64_MIN ? value : -value, exponent);
      if (value == INT64_MIN) continue;
      EXPECT_EQ(sum.value(), 1.5) << exponent;
    }
  }
  ExactSum sum;
  EXPECT_THROW(sum.add(1, -150), std::invalid_argument);
  EXPECT_THROW(sum.add(1, 129), std::invalid_argument);
  std::vector<ExactSum> each(3);
  ExactSum::add_each(std::vector<int64_t>{1, -2, 0}, 3, each);
  ExactSum::add_each(std::vector<int64_t>{1, -2, 5}, 70, each);
  EXPECT_EQ(each[0].value(), 8 + 0x1p70);
  EXPECT_EQ(each[1].value(), -16 - 0x1p71);
  EXPECT_EQ(each[2].value(), 5 * 0x1p70);
  EXPECT_THROW(ExactSum::add_each(std::vector<int64_t>{1}, 0, each), std::invalid_argument);
}

TEST(ExactSum, RefusesWhatIsNotFinite) {
  ExactSum sum;
  EXPECT_THROW(sum.add(Limits::infinity()), std::invalid_argument);
  EXPECT_THROW(sum.add(Limits::quiet_NaN()), std::invalid_argument);
  EXPECT_EQ(sum, ExactSum());
}

TEST(ExactSum, SurvivesAsWords) {
  ExactSum sum;
  for (const float value : mixed_values(100, 1, false)) sum.add(value);
  EXPECT_EQ(ExactSum::from_words(sum.words()), sum);
}

}  // namespace
}  // namespace rangefinder::statistics
