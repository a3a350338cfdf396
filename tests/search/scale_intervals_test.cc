#include "search/scale_intervals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace rangefinder::search {
namespace {

using statistics::RowTop;
using testing::IsEmpty;

RowTop::Row row(const std::vector<float>& values, uint64_t count = 1) {
  RowTop::Row result{{}, count};
  for (const float x : values) result.values.push_back({x, x});
  return result;
}

double code(double x, double scale, Split split) {
  return std::clamp(std::nearbyint(x / scale), -static_cast<double>(split.codes_below),
                    static_cast<double>(split.codes_above));
}

bool inside(const std::vector<ScaleInterval>& intervals, double scale) {
  return std::ranges::any_of(
      intervals, [&](const ScaleInterval& i) { return i.low < scale && scale < i.high; });
}

TEST(TellingScales, AreThoseUnderWhichTheQuantizerTells) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> value(-1, 1);
  for (const Split split : {Split{1, 2}, Split{3, 0}, Split{0, 3}, Split{7, 8}, Split{127, 128}}) {
    for (int i = 0; i < 300; ++i) {
      const double a = value(random);
      const double b = i % 3 == 0 ? a - 0.01 * std::abs(value(random)) : value(random);
      const auto intervals = telling_scales(std::max(a, b), std::min(a, b), split, 1000);
      for (int j = 0; j < 400; ++j) {
        const double scale = 3 * std::exp2(-j / 40.0);
        const bool tells = code(std::max(a, b), scale, split) > code(std::min(a, b), scale, split);
        ASSERT_EQ(inside(intervals, scale), tells) << a << ' ' << b << ' ' << scale;
      }
      for (size_t j = 1; j < intervals.size(); ++j) {
        ASSERT_LE(intervals[j - 1].high, intervals[j].low);
      }
    }
  }
}

TEST(TellingScales, OfEqualValuesAreNone) {
  EXPECT_THAT(telling_scales(1, 1, {127, 128}, 10), IsEmpty());
  EXPECT_THAT(telling_scales(2, 1, {0, 255}, 10), IsEmpty()) << "no code above zero";
}

TEST(TellingScales, OfManyTheSmallestAreKept) {
  const auto all = telling_scales(1, 0.9999, {127, 128}, 1000);
  EXPECT_EQ(all.size(), 127u);
  const auto some = telling_scales(1, 0.9999, {127, 128}, 5);
  EXPECT_EQ(some, std::vector<ScaleInterval>(all.begin(), all.begin() + 5));
}

TEST(KeepingScales, KeepTheWholeOrder) {
  const Split split{7, 8};
  const auto intervals = keeping_scales(row({1.0f, 0.8f, 0.1f}), split, 100);
  for (int j = 0; j < 400; ++j) {
    const double scale = 3 * std::exp2(-j / 40.0);
    const double first = code(1.0f, scale, split);
    const double second = code(0.8f, scale, split);
    const double third = code(0.1f, scale, split);
    ASSERT_EQ(inside(intervals, scale), first > second && second > third) << scale;
  }
}

TEST(SweepRows, FindsTheScalesThatKeepMostRows) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> value(-0.2f, 1);
  const Split split{7, 8};
  std::vector<RowTop::Row> rows;
  for (int i = 0; i < 200; ++i) {
    const float a = value(random);
    const float b = value(random);
    rows.push_back(row({std::max(a, b), std::min(a, b)}, 1 + i % 3));
  }
  const auto kept_at = [&](double scale) {
    uint64_t kept = 0;
    for (const auto& r : rows) {
      const bool keeps =
          code(r.values[0].lower, scale, split) > code(r.values[1].lower, scale, split);
      if (keeps) kept += r.count;
    }
    return kept;
  };
  const Sweep sweep = sweep_rows(rows, split);
  ASSERT_FALSE(sweep.intervals.empty());
  for (const ScaleInterval& i : sweep.intervals) {
    EXPECT_EQ(kept_at((i.low + i.high) / 2), sweep.kept_count);
  }
  for (int j = 0; j < 4000; ++j) {
    ASSERT_LE(kept_at(3 * std::exp2(-j / 400.0)), sweep.kept_count);
  }
}

TEST(SweepRows, OfNothingIsNothing) {
  EXPECT_THAT(sweep_rows({}, {7, 8}).intervals, IsEmpty());
  const std::vector<RowTop::Row> ties{row({1, 1}), row({2, 2})};
  EXPECT_EQ(sweep_rows(ties, {7, 8}).kept_count, 0u);
}

}  // namespace
}  // namespace rangefinder::search
