#include "statistics/row_top.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "statistics/samples.h"

namespace rangefinder::statistics {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RowTop::Row exact_row(std::vector<float> values, uint64_t count) {
  RowTop::Row row{{}, count};
  for (const float value : values) row.values.push_back({value, value});
  return row;
}

TEST(RowTop, KeepsTheLargestValuesExactly) {
  RowTop top(1);
  top.add_row(std::vector<float>{0.5, -3, 2, 1.25});
  top.add_row(std::vector<float>{2, 1.25, 0});
  top.add_row(std::vector<float>{-0.0f, -1, -2});
  top.add_row(std::vector<float>{4, 4});
  EXPECT_THAT(top.rows(),
              ElementsAre(exact_row({0, -1}, 1), exact_row({2, 1.25}, 2), exact_row({4, 4}, 1)));
  EXPECT_EQ(top.row_count(), 4u);
  EXPECT_EQ(top.dropped_bits(), 0);
}

TEST(RowTop, KeepsOneMoreThanTheOrderThatCounts) {
  RowTop top(5);
  top.add_row(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  top.add_row(std::vector<float>{9, 7, 8});
  EXPECT_THAT(top.rows(), ElementsAre(exact_row({8, 7, 6, 5, 4, 3}, 1), exact_row({9, 8, 7}, 1)));
  EXPECT_THAT(top.rows(1), ElementsAre(exact_row({8, 7}, 1), exact_row({9, 8}, 1)));
  EXPECT_THAT(top.rows(3), ElementsAre(exact_row({8, 7, 6, 5}, 1), exact_row({9, 8, 7}, 1)));
  EXPECT_THROW(top.rows(0), std::invalid_argument);
  EXPECT_THROW(top.rows(6), std::invalid_argument);
}

TEST(RowTop, ReadsRowsAlongAnyAxis) {
  // [2][3][2]: rows of 3 along the middle axis.
  const std::vector<float> values = {1, 20, 2, 30, 3, 10, 7, 0, 9, -1, 8, -2};
  RowTop top(1);
  top.add(values, 3, 2);
  EXPECT_THAT(top.rows(), ElementsAre(exact_row({0, -1}, 1), exact_row({3, 2}, 1),
                                      exact_row({9, 8}, 1), exact_row({30, 20}, 1)));
}

TEST(RowTop, SkipsRowsThatAreNotFiniteAndRowsWithoutOrder) {
  RowTop top;
  top.add_row(std::vector<float>{1, std::numeric_limits<float>::infinity()});
  top.add_row(std::vector<float>{std::nanf(""), 1});
  top.add_row(std::vector<float>{1});
  top.add_row({});
  EXPECT_EQ(top.skipped_count(), 2u);
  EXPECT_EQ(top.row_count(), 0u);
  EXPECT_THAT(top.rows(), IsEmpty());
}

TEST(RowTop, HoldsTheExtremesOfFloat) {
  using Limits = std::numeric_limits<float>;
  RowTop top(2);
  top.add_row(std::vector<float>{Limits::lowest(), Limits::max(), -Limits::denorm_min()});
  EXPECT_THAT(top.rows(),
              ElementsAre(exact_row({Limits::max(), -Limits::denorm_min(), Limits::lowest()}, 1)));
}

TEST(RowTop, ClaimsNoMoreThanItKnowsOnceMemoryIsFull) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<std::array<float, 2>> rows(3 * RowTop::kMaxTuples);
  RowTop top(1);
  for (auto& row : rows) {
    row = {normal(random), normal(random)};
    top.add_row(row);
    if (row[0] < row[1]) std::swap(row[0], row[1]);
  }
  EXPECT_GT(top.dropped_bits(), 0);
  EXPECT_LE(top.rows().size(), RowTop::kMaxTuples);
  EXPECT_EQ(top.row_count(), rows.size());
  // Every interval pair holds as many of the rows as it counts, and its rows are all of them.
  uint64_t found = 0;
  const auto kept = top.rows();
  for (size_t i = 0; i < kept.size(); i += 97) {
    const auto inside = [&](const std::array<float, 2>& row) {
      return kept[i].values[0].lower <= row[0] && row[0] <= kept[i].values[0].upper &&
             kept[i].values[1].lower <= row[1] && row[1] <= kept[i].values[1].upper;
    };
    EXPECT_EQ(static_cast<uint64_t>(std::ranges::count_if(rows, inside)), kept[i].count);
    found += kept[i].count;
  }
  EXPECT_GT(found, 0u);
}

TEST(RowTop, RefusesMisuse) {
  EXPECT_THROW(RowTop(0), std::invalid_argument);
  EXPECT_THROW(RowTop(6), std::invalid_argument);
  RowTop top(1);
  EXPECT_THROW(top.add(std::vector<float>(7), 2, 3), std::invalid_argument);
  EXPECT_THROW(top.add(std::vector<float>(7), 0, 3), std::invalid_argument);
  EXPECT_THROW(top.merge(RowTop(2)), std::invalid_argument);
}

TEST(RowTop, RestoresOnlyStatesItCanReach) {
  RowTop top(2);
  top.add_row(std::vector<float>{3, 1, 2, 5});
  EXPECT_EQ(RowTop::restore(2, 0, 0, top.tuples()), top);
  const auto refused = [](size_t k, int bits, std::map<RowTop::Tuple, uint64_t> tuples) {
    EXPECT_THROW(RowTop::restore(k, bits, 0, std::move(tuples)), std::invalid_argument);
  };
  const uint32_t one = 0xBF800001u;  // 1.0f in order, plus 1.
  refused(1, 0, {{{one, one - 1, 7}, 1}});
  refused(1, 0, {{{one - 1, one}, 1}});
  refused(1, 0, {{{one}, 1}});
  refused(1, 0, {{{one, one}, 0}});
  refused(1, 0, {{{UINT32_MAX, one}, 1}});
  refused(1, 0, {{{one, 1}, 1}});
  refused(1, 40, {{{one, one}, 1}});
  refused(1, 4, {{{one, one}, 1}});
}

TEST(RowTop, ARowThatWasLookedAtElsewhereCountsAlike) {
  for (const size_t k : {size_t{1}, RowTop::kMaxK}) {
    RowTop expected(k);
    RowTop found(k);
    for (uint32_t i = 0; i < 300; ++i) {
      const std::vector<float> row = mixed_values(2 + i % 9, i, false);
      RowTop one(RowTop::kMaxK);
      one.add_row(row);
      found.add_tuple(one.tuples().begin()->first);
      expected.add_row(row);
    }
    found.add_tuple({});
    expected.add_row(std::vector<float>{1, std::numeric_limits<float>::infinity()});
    EXPECT_EQ(found, expected);
  }
}

TEST(RowTop, ATupleThatNoRowHasIsRefused) {
  RowTop rows;
  EXPECT_THROW(rows.add_tuple({5, 7}), std::invalid_argument);
  EXPECT_THROW(rows.add_tuple({0xC0000000u}), std::invalid_argument);
  EXPECT_THROW(rows.add_tuple({0xFFFFFFFFu, 0xC0000000u}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::statistics
