#include "statistics/channel_spread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <span>
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

/// Values of every kind, some of them not finite, as [batch][channels][inner].
std::vector<float> mixed_values(size_t size, bool has_nonfinite) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> values(size);
  for (size_t i = 0; i < size; ++i) {
    values[i] = i % 3 == 0 ? 0.0f : std::ldexp(normal(random), static_cast<int>(i % 50) - 30);
    if (i % 101 == 7) values[i] = -0.0f;
    if (i % 103 == 7) values[i] = 1e-40f;
    if (has_nonfinite && i % 997 == 5) values[i] = kInfinity;
  }
  return values;
}

constexpr size_t kBatch = 2;
constexpr size_t kChannels = 21;

/// [batch][channels][inner] as blocks. What lies in the lanes behind the last channel is not
/// counted.
std::vector<float> blocks_of(const std::vector<float>& values, size_t inner, size_t block) {
  const size_t blocks = (kChannels + block - 1) / block;
  std::vector<float> blocked(kBatch * blocks * inner * block, 1e9f);
  for (size_t n = 0; n < kBatch; ++n) {
    for (size_t c = 0; c < kChannels; ++c) {
      for (size_t i = 0; i < inner; ++i) {
        blocked[((n * blocks + c / block) * inner + i) * block + c % block] =
            values[(n * kChannels + c) * inner + i];
      }
    }
  }
  return blocked;
}

ChannelSpread planes_of(const std::vector<float>& values, size_t inner, size_t block = 0) {
  ChannelSpread spread;
  spread.add(values, {kBatch, kChannels, inner}, block);
  return spread;
}

TEST(ChannelSpread, IsTheSameInEveryLayout) {
  for (const size_t inner : {size_t{1}, size_t{3}, size_t{256}, size_t{257}, size_t{2500}}) {
    for (const bool has_nonfinite : {false, true}) {
      const auto values = mixed_values(kBatch * kChannels * inner, has_nonfinite);
      const ChannelSpread expected = planes_of(values, inner);
      for (const size_t block : {size_t{4}, size_t{8}, size_t{16}}) {
        EXPECT_TRUE(planes_of(blocks_of(values, inner, block), inner, block) == expected)
            << inner << ' ' << block;
      }
    }
  }
}

TEST(ChannelSpread, OfSmallPlanesIsThatOfTheirRows) {
  for (const size_t inner : {size_t{1}, size_t{7}, size_t{256}}) {
    const auto values = mixed_values(kBatch * kChannels * inner, true);
    std::vector<float> rows;
    for (size_t n = 0; n < kBatch; ++n) {
      for (size_t i = 0; i < inner; ++i) {
        for (size_t c = 0; c < kChannels; ++c) {
          rows.push_back(values[(n * kChannels + c) * inner + i]);
        }
      }
    }
    EXPECT_TRUE(planes_of(values, inner) == of(rows, kChannels)) << inner;
  }
}

TEST(ChannelSpread, OfLargePlanesHoldsTheExtremesOfAllAndCountsSome) {
  constexpr size_t kInner = 2500;
  std::mt19937 random(9);
  std::normal_distribution<float> normal;
  std::vector<float> values(kBatch * kChannels * kInner);
  for (float& value : values) value = normal(random);
  const ChannelSpread spread = planes_of(values, kInner);
  EXPECT_EQ(spread.value_count(), kBatch * kChannels * 228);
  for (size_t c = 0; c < kChannels; ++c) {
    float smallest = kInfinity;
    float largest = -kInfinity;
    for (size_t n = 0; n < kBatch; ++n) {
      const auto plane = std::span(values).subspan((n * kChannels + c) * kInner, kInner);
      smallest = std::min(smallest, *std::ranges::min_element(plane));
      largest = std::max(largest, *std::ranges::max_element(plane));
    }
    EXPECT_EQ(spread.min(c), smallest) << c;
    EXPECT_EQ(spread.max(c), largest) << c;
    // Within (1, 2) and (-2, -1) lie 27 % of the values.
    const auto counts = spread.counts(static_cast<size_t>(-ChannelSpread::kLowestOctave), c);
    const auto beyond_one = static_cast<double>(std::accumulate(counts.begin(), counts.end(), 0u));
    EXPECT_NEAR(beyond_one / (kBatch * 228), 0.27, 0.09) << c;
  }
}

/// What is counted every so often may be no number where others are: a range needs counts.
TEST(ChannelSpread, OfLargePlanesThatAreMostlyNoNumbersIsThatOfTheOthers) {
  std::vector<float> plane(2500, std::nanf(""));
  plane[1] = 3;
  plane[2] = -2;
  ChannelSpread spread;
  spread.add(plane, {1, 1, plane.size()});
  EXPECT_EQ(spread.value_count(), 2u);
  EXPECT_EQ(spread.min(0), -2);
  EXPECT_EQ(spread.max(0), 3);
}

TEST(ChannelSpread, RefusesValuesThatDoNotFitTheLayout) {
  ChannelSpread spread;
  EXPECT_THROW(spread.add(std::vector<float>(11), {1, 3, 4}), std::invalid_argument);
  EXPECT_THROW(spread.add(std::vector<float>(12), {1, 3, 4}, 4), std::invalid_argument);
  EXPECT_NO_THROW(spread.add(std::vector<float>(16), {1, 3, 4}, 4));
  EXPECT_THROW(spread.add(std::vector<float>(8), {1, 2, 4}), std::invalid_argument);
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
