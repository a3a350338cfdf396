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
