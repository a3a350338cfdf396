#include "search/isotone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>

#include "samples.h"
#include "search/mse.h"

namespace rangefinder::search {
namespace {

using quantization::AffineParameters;
using quantization::Grid;
using statistics::RowTop;
using statistics::TensorStatistics;

struct Logits {
  TensorStatistics statistics;
  std::vector<RowTop::Row> rows;
};

Logits logits(size_t row_count, size_t k, float shift, uint32_t seed = 11) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(shift, 2);
  Logits result;
  RowTop top(k);
  std::vector<float> row(20);
  for (size_t i = 0; i < row_count; ++i) {
    for (float& x : row) x = normal(random);
    result.statistics.add(row);
    top.add_row(row);
  }
  result.rows = top.rows();
  return result;
}

uint64_t kept(const Logits& l, AffineParameters p, const Grid& grid) {
  uint64_t count = 0;
  for (const auto& row : l.rows) {
    if (keeps_order(row, p, grid)) count += row.count;
  }
  return count;
}

class IsotoneOnGrids : public testing::TestWithParam<Grid> {};

TEST_P(IsotoneOnGrids, KeepsAtLeastAsManyRowsAsAnyScale) {
  const Grid grid = GetParam();
  for (const size_t k : {1, 3}) {
    const Logits l = logits(300, k, 0);
    const auto found = isotone(l.statistics, l.rows, grid);
    EXPECT_EQ(found->kept_count, kept(l, found->parameters, grid));
    EXPECT_EQ(found->row_count, 300u);
    for (int i = 0; i < 2000; ++i) {
      float scale = 20 * static_cast<float>(std::exp2(-i / 150.0));
      if (grid.power_of_2) scale = std::exp2(std::round(std::log2(scale)));
      AffineParameters other = found->parameters;
      other.scale = scale;
      ASSERT_LE(kept(l, other, grid), found->kept_count) << scale;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Grids, IsotoneOnGrids,
                         testing::Values(Grid{-128, 127, true}, Grid{0, 255}, Grid{-8, 7, true},
                                         Grid{-8, 7}, Grid{-2, 1, true}, Grid{0, 255, true},
                                         Grid{-8, 7, true, true}, Grid{0, 15, false, true},
                                         Grid{0, 65535}));

TEST(Isotone, KeepsMoreRowsThanMse) {
  const Logits l = logits(500, 1, 0);
  const Grid grid{-8, 7, true};
  const auto found = isotone(l.statistics, l.rows, grid);
  EXPECT_GT(found->kept_count, kept(l, *mse(l.statistics, grid), grid));
}

TEST(Isotone, WhereAllIsKeptAnywayItIsMse) {
  const auto s = observed({0, 0.1f, 0.5f, 1.0f, 4.0f});
  const std::vector<RowTop::Row> rows{{{{4, 4}, {1, 1}}, 1}};
  const Grid grid{-128, 127, true};
  const auto found = isotone(s, rows, grid);
  EXPECT_EQ(found->kept_share(), 1);
  EXPECT_LE(*mean_squared_error(s, grid, found->parameters),
            *mean_squared_error(s, grid, *mse(s, grid)) * (1 + 1e-9));
}

TEST(Isotone, AGapOfMoreThanHalfAStepIsNotEnough) {
  // 1.6 and 2.2 both round to 2 under scale 1: PPQ's condition scale < 2 (l1 - l2) accepts that.
  const RowTop::Row row{{{2.2f, 2.2f}, {1.6f, 1.6f}}, 1};
  EXPECT_FALSE(keeps_order(row, {1, 0}, {-128, 127, true}));
  EXPECT_TRUE(keeps_order(row, {0.5f, 0}, {-128, 127, true}));
  EXPECT_FALSE(keeps_order(row, {0.01f, 0}, {-128, 127, true})) << "both clipped";
}

TEST(Isotone, RowsBelowZeroCountToo) {
  const Logits l = logits(200, 1, -10);  // As log-probabilities: every value below zero.
  for (const Grid& grid : {Grid{-128, 127, true}, Grid{0, 255}}) {
    EXPECT_GT(isotone(l.statistics, l.rows, grid)->kept_share(), 0.8);
  }
}

TEST(Isotone, RowsKnownByBoundsCountOnlyIfCertain) {
  const RowTop::Row certain{{{2.0f, 2.1f}, {0.9f, 1.0f}}, 1};
  const RowTop::Row uncertain{{{2.0f, 2.1f}, {1.5f, 2.05f}}, 1};
  EXPECT_TRUE(keeps_order(certain, {0.1f, 0}, {-128, 127, true}));
  EXPECT_FALSE(keeps_order(uncertain, {0.1f, 0}, {-128, 127, true}));
}

TEST(Isotone, WithoutRowsOrWithTiesOnlyItIsMse) {
  const auto s = observed({-1, 2, 3, 3});
  const Grid grid{0, 255};
  const auto none = isotone(s, {}, grid);
  EXPECT_EQ(none->parameters, *mse(s, grid));
  EXPECT_EQ(none->kept_share(), 1);
  const std::vector<RowTop::Row> ties{{{{3, 3}, {3, 3}}, 4}};
  const auto tied = isotone(s, ties, grid);
  EXPECT_EQ(tied->parameters, *mse(s, grid));
  EXPECT_EQ(tied->kept_count, 0u);
  EXPECT_EQ(tied->row_count, 4u);
}

TEST(Isotone, AllZeroHasScaleOneAndNothingHasNothing) {
  const std::vector<RowTop::Row> zeros{{{{0, 0}, {0, 0}}, 2}};
  EXPECT_EQ(isotone(observed({0, 0}), zeros, {0, 255})->parameters, (AffineParameters{1, 0}));
  EXPECT_EQ(isotone(observed({}), {}, {0, 255}), std::nullopt);
  EXPECT_EQ(isotone(observed({NAN}), {}, {0, 255}), std::nullopt);
  EXPECT_THROW(isotone(observed({1}), {}, {5, 5}), std::invalid_argument);
}

TEST(Isotone, ScalesStayNormal) {
  for (const float x : {3e38f, 1e-45f}) {
    const std::vector<RowTop::Row> rows{{{{x, x}, {0, 0}}, 1}};
    for (const bool power_of_2 : {false, true}) {
      const Grid grid{-2, 1, true, power_of_2};
      EXPECT_TRUE(std::isnormal(isotone(observed({x, 0}), rows, grid)->parameters.scale)) << x;
    }
  }
}

}  // namespace
}  // namespace rangefinder::search
