#include "statistics/simd/integer_sums.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "support/all_targets.h"

namespace rangefinder::statistics::simd {
namespace {

/// Values up to the largest that may be, ties between two integers among them.
std::vector<float> values(size_t count, float factor) {
  std::mt19937 random(3);
  std::vector<float> result(count);
  for (float& value : result) {
    const auto whole = static_cast<float>(static_cast<int>(random() % 2001) - 1000);
    const float kinds[] = {whole / 2, kLargestInteger, -kLargestInteger, 0.0f, whole * 0.337f};
    value = kinds[random() % 5] / factor;
  }
  return result;
}

TEST(IntegerSums, EqualThePlainLoopForEveryLengthAndMisalignment) {
  const std::vector<float> all = values(5000, 8);
  test_support::for_all_targets([&](const std::string& target) {
    for (size_t length = 0; length < all.size(); length += 1 + length / 3) {
      for (const size_t begin : {0, 1, 3}) {
        if (begin + length > all.size()) continue;
        const auto part = std::span(all).subspan(begin, length);
        EXPECT_EQ(integer_sum(part, 8), integer_sum_reference(part, 8)) << target << length;
        EXPECT_EQ(std::bit_cast<uint32_t>(largest_magnitude(part)),
                  std::bit_cast<uint32_t>(largest_magnitude_reference(part)))
            << target << length;
      }
    }
  });
}

TEST(IntegerSums, RowsEqualThePlainLoop) {
  test_support::for_all_targets([&](const std::string& target) {
    for (const size_t length : {1, 3, 8, 16, 17, 40}) {
      for (const size_t columns : {size_t{1}, length / 2 + 1, length}) {
        for (const size_t rows : {0, 1, 127, 128, 129, 300}) {
          const std::vector<float> all = values(rows * length, 0.25f);
          std::vector<int64_t> found(columns, 5);
          std::vector<int64_t> expected(columns, 5);
          add_integer_rows(all, length, 0.25f, found);
          add_integer_rows_reference(all, length, 0.25f, expected);
          EXPECT_EQ(found, expected) << target << " " << rows << "x" << length << " " << columns;
        }
      }
    }
  });
}

TEST(IntegerSums, HoldTheLargestValuesOfAnyNumber) {
  const std::vector<float> all(100'000, -kLargestInteger);
  const int64_t expected = -int64_t{100'000} << kIntegerBits;
  test_support::for_all_targets([&](const std::string& target) {
    EXPECT_EQ(integer_sum(all, 1), expected) << target;
    std::vector<int64_t> sums(100);
    add_integer_rows(all, 100, 1, sums);
    EXPECT_EQ(sums, std::vector<int64_t>(100, expected / 100)) << target;
  });
}

TEST(IntegerSums, RoundToNearestWithTiesToEven) {
  const std::vector<float> ties = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 0.75f, -0.25f,
                                   0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 0.75f, -0.25f};
  test_support::for_all_targets([&](const std::string& target) {
    for (size_t i = 0; i < 8; ++i) {
      const std::vector<float> same(16, ties[i]);
      EXPECT_EQ(integer_sum(same, 1), 16 * std::llrint(ties[i])) << target << ties[i];
    }
  });
}

TEST(IntegerSums, TheLargestMagnitudeShowsWhatIsNotFinite) {
  std::vector<float> all = {1, -3, 2, std::numeric_limits<float>::denorm_min(), -0.0f};
  EXPECT_EQ(largest_magnitude(all), 3);
  EXPECT_EQ(largest_magnitude({}), 0);
  EXPECT_EQ(std::bit_cast<uint32_t>(largest_magnitude(std::vector<float>(9, -0.0f))), 0u);
  for (size_t i = 0; i < 40; ++i) {
    std::vector<float> padded(40, std::numeric_limits<float>::max());
    padded[i] = -std::numeric_limits<float>::infinity();
    EXPECT_TRUE(std::isinf(largest_magnitude(padded))) << i;
    padded[(i + 1) % 40] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(largest_magnitude(padded))) << i;
  }
}

TEST(IntegerSums, RowsThatAreNotWholeAreRefused) {
  const std::vector<float> all(10);
  std::vector<int64_t> sums(3);
  EXPECT_THROW(add_integer_rows(all, 4, 1, sums), std::invalid_argument);
  EXPECT_THROW(add_integer_rows(all, 2, 1, sums), std::invalid_argument);
  EXPECT_THROW(add_integer_rows(all, 0, 1, sums), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::statistics::simd
