#include "search/minmax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "samples.h"

namespace rangefinder::search {
namespace {

TEST(MinMax, IsTheExactRange) {
  const auto s = observed({0.3f, -1.7f, 2.1f});
  EXPECT_EQ(minmax_range(s.extrema), (quantization::Range{-1.7f, 2.1f}));
  EXPECT_EQ(minmax(s, {0, 255})->zero_point, 114);
}

TEST(MinMax, NothingFiniteIsNothing) {
  EXPECT_EQ(minmax(observed({}), {0, 255}), std::nullopt);
  EXPECT_EQ(minmax(observed({NAN, INFINITY, -INFINITY}), {0, 255}), std::nullopt);
  EXPECT_EQ(minmax_range(observed({NAN, 2.0f, INFINITY}).extrema), (quantization::Range{2, 2}));
}

TEST(MinMax, RefusesABadGridEvenWithoutData) {
  EXPECT_THROW(minmax(observed({}), {3, 3}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::search
