#include "analog/simd/row_numbers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/all_targets.h"

namespace rangefinder::analog::simd {
namespace {

struct Selection {
  std::vector<uint64_t> numbers;
  std::vector<uint32_t> offsets;

  bool operator==(const Selection&) const = default;
};

template <class Kernel>
Selection select(Kernel kernel, uint64_t base, uint64_t first, size_t count, uint64_t limit) {
  // Of exactly this size, so that the address sanitizer sees a write too far.
  Selection selection{std::vector<uint64_t>(count), std::vector<uint32_t>(count)};
  const size_t found =
      kernel(base, first, count, limit, selection.numbers.data(), selection.offsets.data());
  selection.numbers.resize(found);
  selection.offsets.resize(found);
  return selection;
}

TEST(RowNumbers, EqualThePlainLoopForAllLengthsAndLimits) {
  test_support::for_all_targets([](const std::string& target) {
    for (const uint64_t base : {uint64_t{0}, uint64_t{0x123456789abcdef0}, ~uint64_t{0}}) {
      for (const uint64_t first : {uint64_t{0}, uint64_t{77}, (uint64_t{1} << 32) - 10}) {
        for (const uint64_t limit :
             {uint64_t{0}, ~uint64_t{0} / 9, ~uint64_t{0} / 2 + 7, ~uint64_t{0}}) {
          for (size_t count = 0; count < 40; ++count) {
            ASSERT_EQ(select(row_numbers, base, first, count, limit),
                      select(row_numbers_reference, base, first, count, limit))
                << target;
          }
        }
      }
    }
  });
}

TEST(RowNumbers, TakeANumberThatIsTheLimit) {
  const uint64_t limit = scramble(5 ^ 3);
  const auto selection = select(row_numbers, 5, 0, 100, limit);
  EXPECT_NE(std::find(selection.offsets.begin(), selection.offsets.end(), 3u),
            selection.offsets.end());
  EXPECT_EQ(selection.numbers, select(row_numbers_reference, 5, 0, 100, limit).numbers);
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
