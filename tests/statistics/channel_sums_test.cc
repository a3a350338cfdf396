#include "statistics/channel_sums.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <stdexcept>
#include <vector>

#include "base/error.h"
#include "statistics/counts.h"

namespace rangefinder::statistics {
namespace {

ChannelSums of(const std::vector<std::vector<int64_t>>& entries, int exponent = -3) {
  ChannelSums sums;
  for (const auto& entry : entries) sums.add({exponent, 10, entry});
  return sums;
}

double total(const ChannelSums& sums, size_t channel) {
  double total = 0;
  for (const auto& part : sums.parts()) {
    if (!part.sums.empty()) total += part.sums[channel].value();
  }
  return total;
}

TEST(ChannelSums, AddUpEntriesInTheirUnits) {
  ChannelSums sums = of({{8, -16}, {1, 2}});
  const std::vector<int64_t> large = {3, 0};
  sums.add({70, 5, large});
  EXPECT_EQ(sums.channel_count(), 2u);
  EXPECT_EQ(sums.value_count(), 25u);
  EXPECT_EQ(total(sums, 0), 9.0 / 8 + 3 * 0x1p70);
  EXPECT_EQ(total(sums, 1), -14.0 / 8);
}

TEST(ChannelSums, ManyEntriesAreSharedOutEvenlyAndTheSameOneAlwaysAlike) {
  std::vector<size_t> counts(ChannelSums::kPartCount);
  for (int64_t i = 0; i < 4000; ++i) {
    const ChannelSums once = of({{i, 2 * i, 7}});
    size_t filled = 0;
    for (size_t p = 0; p < counts.size(); ++p) {
      filled += once.parts()[p].value_count != 0;
      counts[p] += once.parts()[p].value_count != 0;
    }
    ASSERT_EQ(filled, 1u);
    ASSERT_TRUE(once == of({{i, 2 * i, 7}}));
  }
  // 500 each, with a standard deviation of 21.
  for (const size_t count : counts) EXPECT_NEAR(static_cast<double>(count), 500, 105);
}

TEST(ChannelSums, EveryChannelMovesThePart) {
  for (size_t moved = 0; moved < 3; ++moved) {
    std::set<size_t> parts;
    for (int64_t i = 0; i < 200; ++i) {
      std::vector<int64_t> entry = {1, 2, 3};
      entry[moved] += i;
      const ChannelSums once = of({entry});
      for (size_t p = 0; p < ChannelSums::kPartCount; ++p) {
        if (once.parts()[p].value_count != 0) parts.insert(p);
      }
    }
    EXPECT_EQ(parts.size(), ChannelSums::kPartCount) << moved;
  }
}

TEST(ChannelSums, NothingIsNoEntry) {
  EXPECT_TRUE(of({{}}) == ChannelSums());
  ChannelSums sums;
  const std::vector<int64_t> some = {1};
  sums.add({0, 0, some});
  EXPECT_TRUE(sums == ChannelSums());
}

TEST(ChannelSums, OtherChannelsAreRefused) {
  ChannelSums sums = of({{1, 2}});
  const ChannelSums before = sums;
  const std::vector<int64_t> three = {1, 2, 3};
  EXPECT_THROW(sums.add({0, 1, three}), std::invalid_argument);
  EXPECT_THROW(sums.merge(of({three})), std::invalid_argument);
  EXPECT_TRUE(sums == before);
}

TEST(ChannelSums, MoreThanCanBeCountedIsRefused) {
  std::array<ChannelSums::Part, ChannelSums::kPartCount> parts;
  parts[2] = {kMostCounted, std::vector<ExactSum>(2)};
  ChannelSums most = ChannelSums::restore(parts);
  EXPECT_THROW(most.merge(most), Error);
  EXPECT_EQ(most.value_count(), kMostCounted);
}

TEST(ChannelSums, RestoreTakesOnlyWhatCanHaveBeen) {
  const ChannelSums sums = of({{1, 2}, {3, 4}, {5, 6}});
  EXPECT_TRUE(ChannelSums::restore(sums.parts()) == sums);
  std::array<ChannelSums::Part, ChannelSums::kPartCount> parts;
  parts[0] = {1, std::vector<ExactSum>(2)};
  parts[1] = {1, std::vector<ExactSum>(3)};
  EXPECT_THROW(ChannelSums::restore(parts), std::invalid_argument);
  parts[1] = {1, {}};
  EXPECT_THROW(ChannelSums::restore(parts), std::invalid_argument);
  parts[1] = {0, std::vector<ExactSum>(2)};
  EXPECT_THROW(ChannelSums::restore(parts), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::statistics
