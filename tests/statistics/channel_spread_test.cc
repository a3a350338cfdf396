#include "statistics/channel_spread.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "statistics/samples.h"

namespace rangefinder::statistics {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

ChannelSpread of(const std::vector<float>& rows, size_t channels) {
  ChannelSpread spread;
  spread.add(rows, channels);
  return spread;
}

/// Where a value of magnitude 2^exponent * (1 + step / 4) is counted.
uint64_t count_at(const ChannelSpread& spread, size_t channel, int exponent, size_t slot) {
  const auto octave = static_cast<size_t>(exponent - ChannelSpread::kLowestOctave);
  const auto counts = spread.counts(octave, channel);
  return counts.empty() ? 0 : counts[slot];
}

TEST(ChannelSpread, KeepsExtremesAndBucketsOfEachChannel) {
  const ChannelSpread spread = of({1.0f, -3.0f, 1.25f, 0.0f, 1.3f, -0.125f}, 2);
  ASSERT_EQ(spread.channel_count(), 2u);
  EXPECT_EQ(spread.value_count(), 6u);
  EXPECT_EQ(spread.min(0), 1.0f);
  EXPECT_EQ(spread.max(0), 1.3f);
  EXPECT_EQ(spread.min(1), -3.0f);
  EXPECT_EQ(spread.max(1), 0.0f);
  EXPECT_EQ(spread.zero_count(0), 0u);
  EXPECT_EQ(spread.zero_count(1), 1u);
  EXPECT_EQ(count_at(spread, 0, 0, 0), 1u);
  EXPECT_EQ(count_at(spread, 0, 0, 1), 2u);
  EXPECT_EQ(count_at(spread, 1, 1, 4 + 2), 1u);
  EXPECT_EQ(count_at(spread, 1, -3, 4 + 0), 1u);
  EXPECT_EQ(count_at(spread, 1, 0, 1), 0u);
}

TEST(ChannelSpread, EveryValueLiesInItsBucket) {
  const std::vector<float> values = mixed_values(4'000, 3, false);
  for (const float value : values) {
    const ChannelSpread spread = of({value}, 1);
    if (std::abs(value) < std::ldexp(1.0f, ChannelSpread::kLowestOctave)) {
      EXPECT_EQ(spread.zero_count(0), 1u) << value;
      continue;
    }
    for (size_t o = 0; o < ChannelSpread::kOctaveCount; ++o) {
      const auto counts = spread.counts(o, 0);
      for (size_t slot = 0; slot < counts.size(); ++slot) {
        if (counts[slot] == 0) continue;
        const double unit = std::ldexp(1.0, ChannelSpread::kLowestOctave + static_cast<int>(o));
        const double low = unit * (1 + static_cast<double>(slot % 4) / 4);
        EXPECT_EQ(slot >= 4, value < 0) << value;
        EXPECT_GE(std::abs(value), low) << value;
        if (o + 1 < ChannelSpread::kOctaveCount) {
          EXPECT_LT(std::abs(value), low + unit / 4) << value;
        }
      }
    }
  }
}

TEST(ChannelSpread, LeavesOutWhatIsNoNumber) {
  const ChannelSpread spread =
      of({std::numeric_limits<float>::quiet_NaN(), 2.0f, kInfinity, -kInfinity}, 2);
  EXPECT_EQ(spread.value_count(), 1u);
  EXPECT_EQ(spread.min(0), kInfinity);
  EXPECT_EQ(spread.max(0), -kInfinity);
  EXPECT_EQ(spread.min(1), 2.0f);
}

TEST(ChannelSpread, SubnormalsAreZeros) {
  const ChannelSpread spread = of({1e-40f, -0.0f}, 1);
  EXPECT_EQ(spread.zero_count(0), 2u);
  EXPECT_EQ(spread.max(0), 0.0f);
  EXPECT_FALSE(std::signbit(spread.min(0)));
}

TEST(ChannelSpread, RefusesOtherChannels) {
  ChannelSpread spread = of({1, 2, 3, 4}, 2);
  EXPECT_THROW(spread.add(std::vector<float>{1, 2, 3}, 2), std::invalid_argument);
  EXPECT_THROW(spread.add(std::vector<float>{1, 2, 3}, 3), std::invalid_argument);
  EXPECT_THROW(spread.merge(of({1, 2, 3}, 3)), std::invalid_argument);
  EXPECT_TRUE(spread == of({1, 2, 3, 4}, 2));
}

TEST(ChannelSpread, NoRowsChangeNothing) {
  EXPECT_TRUE(of({}, 4) == ChannelSpread());
  EXPECT_EQ(ChannelSpread().value_count(), 0u);
}

TEST(ChannelSpread, PartsThatDoNotFitAreRefused) {
  const auto with_range = [](float min, float max, uint64_t zeros) {
    return ChannelSpread::Parts{.min = {min}, .max = {max}, .zeros = {zeros}};
  };
  EXPECT_NO_THROW(ChannelSpread::restore(with_range(0, 0, 1)));
  EXPECT_NO_THROW(ChannelSpread::restore(with_range(kInfinity, -kInfinity, 0)));
  EXPECT_THROW(ChannelSpread::restore(with_range(0, 0, 0)), std::invalid_argument);
  EXPECT_THROW(ChannelSpread::restore(with_range(1, 0, 1)), std::invalid_argument);
  EXPECT_THROW(ChannelSpread::restore(with_range(0, kInfinity, 1)), std::invalid_argument);
  auto parts = with_range(0, 0, 1);
  parts.octaves[3].assign(ChannelSpread::kSlots, 0);
  EXPECT_THROW(ChannelSpread::restore(parts), std::invalid_argument);
  parts.octaves[3].assign(1, 1);
  EXPECT_THROW(ChannelSpread::restore(parts), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::statistics
