#include "statistics/key_table.h"

#include <gtest/gtest.h>

#include <vector>

namespace rangefinder::statistics {
namespace {

constexpr uint32_t kOne = 0x3F800000u >> ValueHistogram::kShift;
constexpr uint32_t kMinusTwo = 0xC0000000u >> ValueHistogram::kShift;

TEST(KeyTable, MovesEveryCountIntoTheHistogram) {
  const std::vector<uint32_t> keys = {0, kOne, kMinusTwo, kOne, kOne, kMinusTwo, 0x8000};
  ValueHistogram expected;
  for (const uint32_t key : keys) expected.add_key(key, 1);
  KeyTable table;
  ValueHistogram moved;
  table.add(keys, -2, 1);
  table.flush(moved);
  EXPECT_TRUE(moved == expected);
}

TEST(KeyTable, CountsGroupsOfEqualKeysAndGroupsThatOnlyBeginAndEndAlike) {
  for (size_t length = 0; length < 40; ++length) {
    for (size_t other = 0; other < length; ++other) {
      std::vector<uint32_t> keys(length, kOne);
      keys[other] = kMinusTwo;
      KeyTable table;
      ValueHistogram moved;
      table.add(keys, -2, 1);
      table.flush(moved);
      ValueHistogram expected;
      expected.add_key(kOne, length - 1);
      expected.add_key(kMinusTwo, 1);
      ASSERT_TRUE(moved == expected) << length << ", " << other;
    }
  }
}

TEST(KeyTable, IsEmptyAfterAFlush) {
  KeyTable table;
  ValueHistogram histogram;
  table.add(std::vector<uint32_t>(1'000, kOne), 1, 1);
  table.flush(histogram);
  table.flush(histogram);
  EXPECT_EQ(histogram.count(), 1'000u);
  EXPECT_TRUE(table.has_room_for(KeyTable::kCapacity));
}

TEST(KeyTable, HasRoomForWhatItsCountersCanHold) {
  KeyTable table;
  table.add(std::vector<uint32_t>(1'000, kOne), 1, 1);
  EXPECT_TRUE(table.has_room_for(KeyTable::kCapacity - 1'000));
  EXPECT_FALSE(table.has_room_for(KeyTable::kCapacity - 999));
}

TEST(KeyTable, FetchingChangesNothing) {
  KeyTable table;
  table.fetch(1'000'000);
  // The largest and the smallest octaves of both signs: nothing behind the ends is asked for.
  const std::vector<uint32_t> keys = {0x7F7F, 0xFF7F, 0x0001, 0x8001};
  table.add(keys, -__FLT_MAX__, __FLT_MAX__);
  for (const size_t length : {0, 1, 2'048, 1'000'000}) table.fetch(length);
  ValueHistogram expected;
  for (const uint32_t key : keys) expected.add_key(key, 1);
  ValueHistogram moved;
  table.flush(moved);
  EXPECT_TRUE(moved == expected);
}

}  // namespace
}  // namespace rangefinder::statistics
