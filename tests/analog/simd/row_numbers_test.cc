#include "analog/simd/row_numbers.h"

#include <gtest/gtest.h>

#include <vector>

#include "statistics/simd/all_targets.h"

namespace rangefinder::analog::simd {
namespace {

TEST(RowNumbers, EqualThePlainLoopForAllLengths) {
  statistics::simd::for_all_targets([](const std::string& target) {
    for (const uint64_t base : {uint64_t{0}, uint64_t{0x123456789abcdef0}, ~uint64_t{0}}) {
      for (const uint64_t first : {uint64_t{0}, uint64_t{77}, (uint64_t{1} << 32) - 10}) {
        for (size_t length = 0; length < 40; ++length) {
          std::vector<uint64_t> numbers(length);
          std::vector<uint64_t> expected(length);
          row_numbers(base, first, numbers);
          row_numbers_reference(base, first, expected);
          ASSERT_EQ(numbers, expected) << target;
        }
      }
    }
  });
}

// The generator's published first outputs for the seed 1234567.
TEST(Scramble, IsSplitMix64) {
  const uint64_t step = 0x9e3779b97f4a7c15u;
  EXPECT_EQ(scramble(1234567), 6457827717110365317u);
  EXPECT_EQ(scramble(1234567 + step), 3203168211198807973u);
  EXPECT_EQ(scramble(1234567 + 2 * step), 9817491932198370423u);
}

}  // namespace
}  // namespace rangefinder::analog::simd
