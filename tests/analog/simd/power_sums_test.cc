#include "analog/simd/power_sums.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "statistics/samples.h"
#include "support/all_targets.h"

namespace rangefinder::analog::simd {
namespace {

using statistics::mixed_values;
using test_support::for_all_targets;

/// To the last bit; all NaN are alike.
void expect_same(const PowerSums& found, const PowerSums& expected, const std::string& what) {
  const auto bits = [](double x) { return std::isnan(x) ? 0 : std::bit_cast<uint64_t>(x); };
  ASSERT_EQ(bits(found.first), bits(expected.first)) << what;
  ASSERT_EQ(bits(found.second), bits(expected.second)) << what;
}

std::vector<uint32_t> some_weights(size_t count) {
  std::mt19937 random(7);
  std::vector<uint32_t> weights(count);
  for (uint32_t& weight : weights) weight = random() % 10;
  return weights;
}

TEST(PowerSums, EqualThePlainLoopForAllLengthsAndOffsets) {
  const std::vector<float> values = mixed_values(1100, 1, false);
  for_all_targets([&](const std::string& target) {
    for (const double pivot : {0.0, -1.25, 1e9}) {
      for (size_t length = 0; length <= 200; ++length) {
        const std::span<const float> part(&values[length % 9], length);
        expect_same(power_sums(part, pivot), power_sums_reference(part, pivot), target);
      }
    }
  });
}

TEST(PowerSums, WeightedEqualThePlainLoopForAllNumbersOfLanes) {
  const std::vector<float> values = mixed_values(1100, 2, false);
  const std::vector<uint32_t> weights = some_weights(200);
  for_all_targets([&](const std::string& target) {
    for (const double pivot : {0.0, 0.375}) {
      for (const size_t lanes : {1, 2, 3, 4, 5, 8, 12, 16, 24, 32}) {
        for (size_t positions = 0; positions <= 33; ++positions) {
          const std::span<const float> part(&values[positions % 9], positions * lanes);
          expect_same(weighted_power_sums(part, weights.data(), lanes, pivot),
                      weighted_power_sums_reference(part, weights.data(), lanes, pivot), target);
        }
      }
    }
  });
}

TEST(PowerSums, AreThoseOfEveryValue) {
  const std::vector<float> values = {1, 2, 4};
  const std::vector<uint32_t> weights = {1, 0, 3};
  EXPECT_EQ(power_sums(values, 0.0), (PowerSums{7, 21}));
  EXPECT_EQ(power_sums(values, 2.0), (PowerSums{1, 5}));
  EXPECT_EQ(weighted_power_sums(values, weights.data(), 1, 0.0), (PowerSums{13, 49}));
  EXPECT_EQ(weighted_power_sums(values, weights.data(), 3, 1.0), (PowerSums{4, 10}));
  EXPECT_EQ(power_sums({}, 1.0), (PowerSums{0, 0}));
}

// What calibration relies on instead of looking at every value.
TEST(PowerSums, AreFiniteIfAndOnlyIfAllValuesAre) {
  const float largest = std::numeric_limits<float>::max();
  for_all_targets([&](const std::string& target) {
    for (size_t place = 0; place < 40; ++place) {
      std::vector<float> values(40, -largest);
      EXPECT_TRUE(std::isfinite(power_sums(values, 0.0).second)) << target;
      for (const float bad : {NAN, INFINITY, -INFINITY}) {
        values[place] = bad;
        EXPECT_FALSE(std::isfinite(power_sums(values, 0.0).second)) << target << ", " << place;
      }
    }
  });
}

}  // namespace
}  // namespace rangefinder::analog::simd
