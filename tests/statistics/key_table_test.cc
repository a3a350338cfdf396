#include "statistics/key_table.h"

#include <gtest/gtest.h>

#include <vector>

namespace rangefinder::statistics {
namespace {

constexpr uint32_t kOne = 0x3F800000u >> ValueHistogram::kShift;
constexpr uint32_t kMinusTwo = 0xC0000000u >> ValueHistogram::kShift;

TEST(KeyTable, MovesEveryCountIntoTheHistogram) {
  std::vector<uint32_t> keys = {0, kOne, kMinusTwo, kOne, kOne, kMinusTwo, 0x8000};
  ValueHistogram expected;
  for (const uint32_t key : keys) expected.add_key(key, 1);
  Extrema extrema;
  extrema.add_range(-2, 1);
  KeyTable table;
  ValueHistogram moved;
  table.add(keys);
  table.flush(extrema, moved);
  EXPECT_TRUE(moved == expected);
}

TEST(KeyTable, IsEmptyAfterAFlush) {
  Extrema extrema;
  extrema.add_range(-2, 1);
  KeyTable table;
  ValueHistogram histogram;
  table.add(std::vector<uint32_t>(1'000, kOne));
  table.flush(extrema, histogram);
  table.flush(extrema, histogram);
  EXPECT_EQ(histogram.count(), 1'000u);
}

}  // namespace
}  // namespace rangefinder::statistics
