#include "engine/simd/gates.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "support/all_targets.h"

namespace rangefinder::engine::simd {
namespace {

using test_support::for_all_targets;

/// Different in all bits, around the bounds of a hard sigmoid.
std::vector<float> values_of(size_t count) {
  std::vector<float> values(count);
  uint32_t state = 7;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = (static_cast<float>(state) / 4294967296.0f - 0.5f) * 9;
  }
  return values;
}

/// All bits, but any NaN for a NaN.
void expect_same(std::span<const float> found, std::span<const float> expected,
                 const std::string& target) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    if (std::isnan(expected[i])) {
      ASSERT_TRUE(std::isnan(found[i])) << target << ", " << i;
    } else {
      ASSERT_EQ(std::bit_cast<uint32_t>(found[i]), std::bit_cast<uint32_t>(expected[i]))
          << target << ", " << found.size() << " values, number " << i;
    }
  }
}

TEST(HardSwish, IsTheProductWithAHardSigmoid) {
  const std::vector<float> x = {-4, -3, -1.5f, 0, 1.5f, 3, 4};
  std::vector<float> y(x.size());
  hard_swish(x, 1.0f / 6, 0.5f, y.data());
  const std::vector<float> expected = {0, 0, -0.375f, 0, 1.125f, 3, 4};
  for (size_t i = 0; i < x.size(); ++i) EXPECT_FLOAT_EQ(y[i], expected[i]) << x[i];
}

TEST(HardSwish, EqualsThePlainLoopForAllLengthsAndOffsets) {
  const std::vector<float> x = values_of(160);
  for_all_targets([&](const std::string& target) {
    for (size_t offset = 0; offset < 5; ++offset) {
      for (size_t length = 0; length < 150; ++length) {
        const std::span part(&x[offset], length);
        std::vector<float> y(length), expected(length);
        hard_swish(part, 1.0f / 6, 0.5f, y.data());
        hard_swish_reference(part, 1.0f / 6, 0.5f, expected.data());
        expect_same(y, expected, target);
      }
    }
  });
}

TEST(HardSwish, EqualsThePlainLoopOnSpecialValues) {
  using Limits = std::numeric_limits<float>;
  std::vector<float> x;
  for (const float value : {0.0f, Limits::denorm_min(), Limits::min(), Limits::max(),
                            Limits::infinity(), Limits::quiet_NaN(), 3.0f, 1e-42f}) {
    for (int i = 0; i < 9; ++i) x.push_back(i % 2 == 0 ? value : -value);
  }
  for_all_targets([&](const std::string& target) {
    for (const float alpha : {0.2f, 0.0f, -1.0f}) {
      std::vector<float> y(x.size()), expected(x.size());
      hard_swish(x, alpha, 0.5f, y.data());
      hard_swish_reference(x, alpha, 0.5f, expected.data());
      expect_same(y, expected, target);
    }
  });
}

TEST(HardSwish, MayWriteOverItsInput) {
  for_all_targets([](const std::string& target) {
    std::vector<float> x = values_of(75), expected(75);
    hard_swish_reference(x, 0.2f, 0.5f, expected.data());
    hard_swish(x, 0.2f, 0.5f, x.data());
    expect_same(x, expected, target);
  });
}

TEST(ScaleLanes, EqualsThePlainLoopForAllNumbersOfGatesAndPositions) {
  const std::vector<float> values = values_of(33 * 40);
  for_all_targets([&](const std::string& target) {
    for (size_t gate_count = 1; gate_count <= 33; ++gate_count) {
      for (const size_t positions : {0u, 1u, 2u, 7u, 39u}) {
        const std::span x(values.data(), gate_count * positions);
        const std::span gates(&values[5], gate_count);
        std::vector<float> y(x.size()), expected(x.size());
        scale_lanes(x, gates, y.data());
        scale_lanes_reference(x, gates, expected.data());
        expect_same(y, expected, target);
      }
    }
  });
  std::vector<float> y(4);
  scale_lanes(std::vector<float>{1, 2, 3, 4}, std::vector<float>{10, -1}, y.data());
  EXPECT_EQ(y, (std::vector<float>{10, -2, 30, -4}));
}

TEST(MeanLanes, EqualsThePlainLoopForAllNumbersOfLanesAndPositions) {
  const std::vector<float> values = values_of(33 * 40);
  for_all_targets([&](const std::string& target) {
    for (size_t lanes = 0; lanes <= 33; ++lanes) {
      for (size_t positions = 1; positions <= 39; ++positions) {
        const std::span x(values.data(), lanes * positions);
        std::vector<float> means(lanes), expected(lanes);
        mean_lanes(x, means);
        mean_lanes_reference(x, expected);
        expect_same(means, expected, target);
      }
    }
  });
  std::vector<float> means(2);
  mean_lanes(std::vector<float>{1, 10, 2, 20, 6, 60}, means);
  EXPECT_EQ(means, (std::vector<float>{3, 30}));
}

TEST(MeanLanes, OfNoPositionIsNotANumber) {
  for_all_targets([](const std::string& target) {
    std::vector<float> means(16);
    mean_lanes({}, means);
    for (const float mean : means) EXPECT_TRUE(std::isnan(mean)) << target;
  });
}

}  // namespace
}  // namespace rangefinder::engine::simd
