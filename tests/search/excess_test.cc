#include "search/excess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "samples.h"

namespace rangefinder::search {
namespace {

using testing::DoubleNear;

double density_at(const Segment& s, double x) {
  return s.count / (s.upper - s.lower) + s.slope * (x - (s.lower + s.upper) / 2);
}

/// Sum of (x - border)^power over x > border, by Simpson's rule: exact for these polynomials.
double moment_above(const std::vector<Segment>& side, double border, int power) {
  double sum = 0;
  for (const Segment& s : side) {
    const double lower = std::max(s.lower, border);
    const auto f = [&](double x) { return std::pow(x - border, power) * density_at(s, x); };
    if (s.lower == s.upper) {
      if (s.lower > border) sum += s.count * std::pow(s.lower - border, power);
    } else if (lower < s.upper) {
      sum += (s.upper - lower) / 6 * (f(lower) + 4 * f((lower + s.upper) / 2) + f(s.upper));
    }
  }
  return sum;
}

class ExcessOfSamples : public testing::Test {
 protected:
  template <typename Check>
  void for_each_side(Check check) {
    for (const Sample& sample : samples(5000)) {
      const auto density = density_of(observed(sample.values));
      for (const auto* side : {&density->positive, &density->negative}) {
        SCOPED_TRACE(sample.name);
        if (!side->empty()) check(*side);
      }
    }
  }
};

TEST_F(ExcessOfSamples, IsTheFirstAndSecondMomentAboveTheBorder) {
  for_each_side([](const std::vector<Segment>& side) {
    const Excess excess(side);
    const double max = side.back().upper;
    ASSERT_EQ(excess.max(), max);
    ASSERT_THAT(excess.square_sum() / moment_above(side, 0, 2), DoubleNear(1, 1e-12));
    const double first = moment_above(side, 0, 1);
    for (int i = 0; i <= 300; ++i) {
      const double border = i < 200 ? max * i / 199 : max * std::exp2(-(i - 200) / 7.0);
      ASSERT_THAT(excess(border) / first, DoubleNear(moment_above(side, border, 1) / first, 1e-12));
      ASSERT_THAT(excess.clipped_square_sum(border) / excess.square_sum(),
                  DoubleNear(moment_above(side, border, 2) / excess.square_sum(), 1e-12));
    }
  });
}

TEST_F(ExcessOfSamples, SumsBorders) {
  for_each_side([](const std::vector<Segment>& side) {
    const Excess excess(side);
    double values = 0;
    for (const Segment& s : side) values += s.count;
    for (const int64_t count : {0, 1, 2, 7, 255, 256, 257, 1000, 5000}) {
      const double step = side.back().upper / (0.9 * static_cast<double>(count) + 0.3);
      double expected = 0;
      for (int64_t k = 1; k <= count; ++k) {
        expected += excess((static_cast<double>(k) - 0.5) * step);
      }
      // Beyond 256 borders the sum is off by less than 1 % of what rounding costs.
      const double allowed = count <= 256 ? 1e-11 * expected : 0.01 * step * values / 24;
      ASSERT_THAT(excess.sum(step, count), DoubleNear(expected, allowed)) << count;
    }
  });
}

TEST(Excess, OfAnEmptySideIsZero) {
  const Excess excess({});
  EXPECT_TRUE(excess.empty());
  EXPECT_EQ(excess(0), 0);
  EXPECT_EQ(excess.sum(0.1, 100), 0);
  EXPECT_EQ(excess.clipped_square_sum(0), 0);
}

TEST(Excess, OfPointsIsExact) {
  const Excess excess({{1, 1, 3}, {1.001, 1.001, 1}});
  EXPECT_DOUBLE_EQ(excess(0.25), 3 * 0.75 + 0.751);
  EXPECT_DOUBLE_EQ(excess(1), 1.001 - 1);
  EXPECT_EQ(excess(1.001), 0);
}

}  // namespace
}  // namespace rangefinder::search
