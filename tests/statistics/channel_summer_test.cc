#include "statistics/channel_summer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

namespace rangefinder::statistics {
namespace {

/// Value of a channel at a position of an entry.
float value_at(size_t entry, size_t channel, size_t position) {
  std::mt19937 random(static_cast<uint32_t>(entry * 7919 + channel * 131 + position));
  return (static_cast<float>(random() % 2001) - 700) * 0.00137f * static_cast<float>(channel + 1);
}

std::vector<float> plain(size_t entries, size_t channels, size_t inner) {
  std::vector<float> values;
  for (size_t n = 0; n < entries; ++n) {
    for (size_t c = 0; c < channels; ++c) {
      for (size_t p = 0; p < inner; ++p) values.push_back(value_at(n, c, p));
    }
  }
  return values;
}

std::vector<float> channels_last(size_t entries, size_t channels, size_t inner) {
  std::vector<float> values;
  for (size_t n = 0; n < entries; ++n) {
    for (size_t p = 0; p < inner; ++p) {
      for (size_t c = 0; c < channels; ++c) values.push_back(value_at(n, c, p));
    }
  }
  return values;
}

/// With padding that must not be counted.
std::vector<float> blocked(size_t entries, size_t channels, size_t inner, size_t block) {
  std::vector<float> values;
  for (size_t n = 0; n < entries; ++n) {
    for (size_t b = 0; b < channels; b += block) {
      for (size_t p = 0; p < inner; ++p) {
        for (size_t c = b; c < b + block; ++c) {
          values.push_back(c < channels ? value_at(n, c, p) : std::nanf(""));
        }
      }
    }
  }
  return values;
}

ChannelSums summed(const std::vector<float>& values, const SumLayout& layout) {
  ChannelSums sums;
  ChannelSummer().add(values, layout, ChannelSummer::largest(values, layout), sums);
  return sums;
}

double mean(const ChannelSums& sums, size_t channel) {
  double total = 0;
  for (const auto& part : sums.parts()) {
    if (!part.sums.empty()) total += part.sums[channel].value();
  }
  return total / static_cast<double>(sums.value_count());
}

TEST(ChannelSummer, GivesTheMeansOfAPlainLoop) {
  const size_t channels = 19;
  const size_t inner = 300;
  const auto values = plain(3, channels, inner);
  const ChannelSums sums = summed(values, {.entries = 3, .channels = channels, .inner = inner});
  ASSERT_EQ(sums.channel_count(), channels);
  EXPECT_EQ(sums.value_count(), 3 * inner);
  const double unit = std::ldexp(ChannelSummer::largest(values, {.channels = values.size()}), -22);
  for (size_t c = 0; c < channels; ++c) {
    double expected = 0;
    for (size_t n = 0; n < 3; ++n) {
      for (size_t p = 0; p < inner; ++p) expected += double{value_at(n, c, p)};
    }
    EXPECT_NEAR(mean(sums, c), expected / (3 * inner), unit / 2) << c;
  }
}

TEST(ChannelSummer, IsExactWhereValuesAreWholeUnits) {
  std::vector<float> values;
  for (int i = 0; i < 4000; ++i) values.push_back(static_cast<float>(i % 1024 - 300) / 64);
  const ChannelSums sums = summed(values, {.rows = 1000, .channels = 4});
  for (size_t c = 0; c < 4; ++c) {
    double expected = 0;
    for (size_t i = c; i < values.size(); i += 4) expected += double{values[i]};
    EXPECT_EQ(mean(sums, c), expected / 1000);
  }
}

TEST(ChannelSummer, EveryLayoutGivesTheSameBits) {
  for (const size_t channels : {1, 5, 8, 12, 16, 19}) {
    for (const size_t inner : {1, 6, 49, 700}) {
      const ChannelSums expected =
          summed(plain(2, channels, inner), {.entries = 2, .channels = channels, .inner = inner});
      EXPECT_TRUE(expected == summed(channels_last(2, channels, inner),
                                     {.entries = 2, .rows = inner, .channels = channels}));
      for (const size_t block : {8, 16}) {
        EXPECT_TRUE(expected ==
                    summed(blocked(2, channels, inner, block),
                           {.entries = 2, .channels = channels, .inner = inner, .block = block}))
            << channels << " " << inner << " " << block;
      }
    }
  }
}

TEST(ChannelSummer, EntriesAreAddedOneByOne) {
  const auto values = plain(2, 5, 6);
  const float largest = ChannelSummer::largest(values, {.entries = 2, .channels = 5, .inner = 6});
  ChannelSums together;
  ChannelSummer summer;
  summer.add(values, {.entries = 2, .channels = 5, .inner = 6}, largest, together);
  ChannelSums apart;
  for (const size_t n : {1, 0}) {
    summer.add(std::span(values).subspan(n * 30, 30), {.channels = 5, .inner = 6}, largest, apart);
  }
  EXPECT_TRUE(together == apart);
}

TEST(ChannelSummer, SumsOfAnySizeOfValues) {
  for (const float size : {std::numeric_limits<float>::max(), 1.0f, 3e-30f}) {
    std::vector<float> values(200, size);
    values[7] = -size;
    const ChannelSums sums = summed(values, {.channels = 2, .inner = 100});
    EXPECT_NEAR(mean(sums, 0) / double{size}, 0.98, 1e-4) << size;
    EXPECT_NEAR(mean(sums, 1) / double{size}, 1, 1e-4) << size;
  }
}

TEST(ChannelSummer, WhatIsSmallerThanAnyUnitCountsAsZero) {
  const ChannelSums sums = summed({0x1p-125f, 0x1p-122f}, {.channels = 2});
  EXPECT_EQ(mean(sums, 0), 0);
  EXPECT_EQ(mean(sums, 1), 0x1p-122);
}

TEST(ChannelSummer, ZerosAreValues) {
  const ChannelSums sums = summed(std::vector<float>(60), {.channels = 3, .inner = 20});
  EXPECT_EQ(sums.value_count(), 20u);
  EXPECT_EQ(mean(sums, 2), 0);
}

TEST(ChannelSummer, ABatchThatIsNotFiniteIsLeftOut) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    for (const size_t place : {0, 17, 59}) {
      std::vector<float> values(60, 1);
      values[place] = bad;
      EXPECT_TRUE(summed(values, {.channels = 3, .inner = 20}) == ChannelSums());
      std::vector<float> padded = blocked(1, 5, 12, 8);
      padded[place % 12 * 8 + 4] = bad;
      EXPECT_TRUE(summed(padded, {.channels = 5, .inner = 12, .block = 8}) == ChannelSums());
    }
  }
  EXPECT_TRUE(summed({}, {.entries = 0, .channels = 3}) == ChannelSums());
}

TEST(ChannelSummer, WhatDoesNotFitIsRefused) {
  ChannelSums sums;
  const std::vector<float> values(24);
  ChannelSummer summer;
  EXPECT_THROW(summer.add(values, {.channels = 5}, 1, sums), std::invalid_argument);
  EXPECT_THROW(summer.add(values, {.channels = 3, .inner = 1, .block = 16}, 1, sums),
               std::invalid_argument);
  EXPECT_THROW(summer.add(values, {.rows = 3, .channels = 5, .block = 8}, 1, sums),
               std::invalid_argument);
  EXPECT_THROW(ChannelSummer::largest(values, {.channels = 5}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::statistics
