#include "statistics/tensor_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace rangefinder::statistics {
namespace {

TEST(TensorStatistics, CountEveryKindOfValueOnce) {
  const float inf = std::numeric_limits<float>::infinity();
  TensorStatistics statistics;
  statistics.add(std::vector<float>{1, -2, 0, -0.0f, inf, -inf, std::nanf(""), 1e-45f});
  EXPECT_EQ(statistics.count(), 8u);
  EXPECT_EQ(statistics.histogram.count(), 5u);
  EXPECT_EQ(statistics.histogram.zero_count(), 2u);
  EXPECT_EQ(statistics.extrema.min, -2);
  EXPECT_EQ(statistics.extrema.max, 1);
}

}  // namespace
}  // namespace rangefinder::statistics
