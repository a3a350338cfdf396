#include "data/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace rangefinder::data {
namespace {

std::vector<size_t> sorted_union(const std::vector<std::vector<size_t>>& parts) {
  std::vector<size_t> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  return all;
}

bool ascending_and_below(const std::vector<size_t>& indices, size_t count) {
  return std::adjacent_find(indices.begin(), indices.end(), std::greater_equal<>()) ==
             indices.end() &&
         (indices.empty() || indices.back() < count);
}

TEST(Split, WithALimitTheFirstAreUsedAndOthersHeldOut) {
  EXPECT_EQ(split_held_out(5, 3), (DataSplit{{0, 1, 2}, {3, 4}}));
  EXPECT_EQ(split_held_out(4, 4), (DataSplit{{0, 1, 2, 3}, {}}));
  EXPECT_EQ(split_held_out(2, 100), (DataSplit{{0, 1}, {}}));
  const DataSplit split = split_held_out(1000, 256);
  EXPECT_EQ(split.calibration.size(), 256u);
  ASSERT_EQ(split.held_out.size(), kMaxHeldOut);
  EXPECT_GE(split.held_out.front(), 256u);
  for (size_t i = 1; i < kMaxHeldOut; ++i) {
    EXPECT_NEAR(static_cast<double>(split.held_out[i] - split.held_out[i - 1]), 744.0 / 32, 1.0);
  }
}

TEST(Split, WithoutALimitOneInTenIsHeldOut) {
  EXPECT_EQ(split_held_out(1, {}), (DataSplit{{0}, {}}));
  EXPECT_EQ(split_held_out(2, {}), (DataSplit{{0}, {1}}));
  EXPECT_EQ(split_held_out(9, {}).held_out, std::vector<size_t>{8});
  EXPECT_EQ(split_held_out(25, {}).held_out, (std::vector<size_t>{9, 19}));
  EXPECT_EQ(split_held_out(320, {}).held_out.size(), 32u);
  EXPECT_EQ(split_held_out(321, {}).held_out.size(), 29u);
}

TEST(Split, AlwaysDisjointAscendingAndWithinBounds) {
  for (size_t count = 1; count < 700; ++count) {
    for (const std::optional<size_t> limit : {std::optional<size_t>(), std::optional<size_t>(1),
                                              std::optional<size_t>(count / 2 + 1)}) {
      const DataSplit split = split_held_out(count, limit);
      EXPECT_TRUE(ascending_and_below(split.calibration, count));
      EXPECT_TRUE(ascending_and_below(split.held_out, count));
      const auto all = sorted_union({split.calibration, split.held_out});
      EXPECT_TRUE(ascending_and_below(all, count)) << count;
      EXPECT_LE(split.held_out.size(), kMaxHeldOut);
      EXPECT_FALSE(split.calibration.empty());
      EXPECT_EQ(split.held_out.empty(), count <= limit.value_or(1)) << count;
      if (!limit) {
        EXPECT_EQ(all.size(), count);
      }
    }
  }
}

TEST(Split, RefusesNothing) {
  EXPECT_EQ(split_held_out(100, 10, 3), (DataSplit{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {25, 55, 85}}));
  EXPECT_EQ(split_held_out(100, {}, 4).held_out, (std::vector<size_t>{24, 49, 74, 99}));
  EXPECT_EQ(split_held_out(3, {}, 0), (DataSplit{{0, 1, 2}, {}}));
  EXPECT_EQ(split_held_out(3, 2, 0), (DataSplit{{0, 1}, {}}));
  EXPECT_THROW(split_held_out(0, {}), std::invalid_argument);
  EXPECT_THROW(split_held_out(5, 0), std::invalid_argument);
}

TEST(Shard, PartsAreDisjointAndTogetherEverything) {
  const std::vector<size_t> indices = split_held_out(57, {}).calibration;
  for (size_t count = 1; count < 60; ++count) {
    std::vector<std::vector<size_t>> parts;
    for (size_t k = 0; k < count; ++k) parts.push_back(select_shard(indices, {k, count}));
    EXPECT_EQ(sorted_union(parts), indices);
  }
  EXPECT_EQ(select_shard({4, 5, 6, 7, 8}, {1, 2}), (std::vector<size_t>{5, 7}));
  EXPECT_THROW(select_shard(indices, {2, 2}), std::invalid_argument);
}

TEST(Shard, Parses) {
  EXPECT_EQ(parse_shard("0/1"), (Shard{0, 1}));
  EXPECT_EQ(parse_shard("11/16"), (Shard{11, 16}));
  for (const char* text : {"", "1", "/", "1/", "/2", "2/2", "0/0", "-1/2", "1/2/", "1 /2", "a/b",
                           "0/99999999999999999999999"}) {
    EXPECT_THROW(parse_shard(text), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace rangefinder::data
