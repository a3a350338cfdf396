#include "statistics/extrema.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rangefinder::statistics {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(Extrema, HaveNoRangeUntilAFiniteValueComes) {
  Extrema extrema;
  for (const float value : {kInf, -kInf, -kInf, std::nanf("")}) extrema.add(value);
  EXPECT_FALSE(extrema.has_range());
  EXPECT_EQ(extrema.nan_count, 1u);
  EXPECT_EQ(extrema.positive_infinity_count, 1u);
  EXPECT_EQ(extrema.negative_infinity_count, 2u);
  EXPECT_EQ(extrema.infinity_count(), 3u);
  extrema.add(-3);
  EXPECT_EQ(extrema.min, -3);
  EXPECT_EQ(extrema.max, -3);
}

TEST(Extrema, KeepNoSignOnZero) {
  Extrema extrema;
  extrema.add(-0.0f);
  EXPECT_FALSE(std::signbit(extrema.min));
  EXPECT_FALSE(std::signbit(extrema.max));
  extrema.add_range(-0.0f, 1);
  EXPECT_FALSE(std::signbit(extrema.min));
}

TEST(Extrema, OrderSubnormals) {
  Extrema extrema;
  for (const float value : {1e-45f, -1e-42f, 0.0f}) extrema.add(value);
  EXPECT_EQ(extrema.min, -1e-42f);
  EXPECT_EQ(extrema.max, 1e-45f);
}

}  // namespace
}  // namespace rangefinder::statistics
