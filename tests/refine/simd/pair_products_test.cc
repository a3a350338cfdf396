#include "refine/simd/pair_products.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "support/all_targets.h"

namespace rangefinder::refine::simd {
namespace {

using test_support::for_all_targets;

/// Steps from -255 to 255; of every eight panels' values some are at the ends.
std::vector<int32_t> panel(size_t pairs, uint32_t seed) {
  std::mt19937 random(seed);
  const auto step = [&] {
    const int value = static_cast<int>(random() % 511) - 255;
    return random() % 4 == 0 ? (value < 0 ? -255 : 255) : value;
  };
  std::vector<int32_t> values(pairs * kPanelColumns);
  for (int32_t& value : values) {
    const int first = step();
    value = row_pair(first, step());
  }
  return values;
}

TEST(PairProducts, EqualThePlainLoopForAllNumbersOfRows) {
  for_all_targets([](const std::string& target) {
    for (size_t pairs = 0; pairs <= 40; ++pairs) {
      const auto left = panel(pairs, 1);
      const auto right = panel(pairs, 2);
      const size_t stride = kPanelColumns + pairs % 3;
      std::vector<int32_t> found(kPanelColumns * stride, 7);
      std::vector<int32_t> expected = found;
      add_pair_products(left.data(), right.data(), pairs, found.data(), stride);
      add_pair_products_reference(left.data(), right.data(), pairs, expected.data(), stride);
      ASSERT_EQ(found, expected) << target << ", " << pairs << " pairs";
    }
  });
}

TEST(PairProducts, AreTheSumsOverBothRows) {
  std::vector<int32_t> left(kPanelColumns);
  std::vector<int32_t> right(kPanelColumns);
  left[2] = row_pair(-255, 10);
  right[5] = row_pair(255, -3);
  std::vector<int32_t> sums(kPanelColumns * kPanelColumns, 1);
  add_pair_products(left.data(), right.data(), 1, sums.data(), kPanelColumns);
  EXPECT_EQ(sums[2 * kPanelColumns + 5], 1 - 255 * 255 - 30);
  EXPECT_EQ(sums[5 * kPanelColumns + 2], 1);
}

TEST(PairProducts, APairHoldsBothSigns) {
  EXPECT_EQ(row_pair(1, 0), 1);
  EXPECT_EQ(row_pair(0, 1), 1 << 16);
  EXPECT_EQ(row_pair(-1, 0), 0xFFFF);
  EXPECT_EQ(row_pair(0, -1), -(1 << 16));
}

}  // namespace
}  // namespace rangefinder::refine::simd
