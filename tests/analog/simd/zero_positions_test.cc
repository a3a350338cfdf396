#include "analog/simd/zero_positions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "support/all_targets.h"

namespace rangefinder::analog::simd {
namespace {

using test_support::for_all_targets;

template <class Kernel>
std::vector<uint32_t> run(Kernel kernel, std::span<const float> values, size_t lanes) {
  std::vector<uint32_t> found(values.size() / lanes);
  found.resize(kernel(values, lanes, found.data()));
  return found;
}

/// About half of the positions are all zero, the others but for one value, which may be anything.
std::vector<float> sparse_positions(size_t positions, size_t lanes) {
  std::mt19937 random(static_cast<uint32_t>(positions * 64 + lanes));
  const float values[] = {1.0f, -1e-42f, NAN, INFINITY};
  std::vector<float> result(positions * lanes);
  for (float& value : result) value = random() % 2 == 0 ? 0.0f : -0.0f;
  for (size_t i = 0; i < positions; ++i) {
    if (random() % 2 == 0) result[i * lanes + random() % lanes] = values[random() % 4];
  }
  return result;
}

TEST(ZeroPositions, EqualThePlainLoop) {
  for_all_targets([](const std::string& target) {
    for (const size_t lanes : {1, 2, 3, 4, 5, 8, 12, 16, 32}) {
      for (size_t positions = 0; positions < 40; ++positions) {
        const auto values = sparse_positions(positions, lanes);
        ASSERT_EQ(run(zero_positions, values, lanes), run(zero_positions_reference, values, lanes))
            << target << ", " << positions << " positions of " << lanes;
      }
    }
  });
}

TEST(ZeroPositions, EqualThePlainLoopWhereZerosAreRare) {
  for_all_targets([](const std::string& target) {
    std::vector<float> values(300, 1e-45f);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = -0.0f;
      ASSERT_EQ(run(zero_positions, values, 1), std::vector<uint32_t>{static_cast<uint32_t>(i)})
          << target;
      values[i] = NAN;
      ASSERT_EQ(run(zero_positions, values, 1), std::vector<uint32_t>{}) << target;
    }
  });
}

TEST(ZeroPositions, TellsNanFromZero) {
  const std::vector<float> values = {0.0f, -0.0f, NAN, 0.0f, 0.0f, 1e-45f};
  EXPECT_EQ(run(zero_positions, values, 2), std::vector<uint32_t>{0});
  EXPECT_EQ(run(zero_positions, values, 1), (std::vector<uint32_t>{0, 1, 3, 4}));
}

}  // namespace
}  // namespace rangefinder::analog::simd
