#include "statistics/key_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace rangefinder::statistics {
namespace {

/// By their keys.
void add(KeyTable& table, const std::vector<float>& values) {
  std::vector<uint16_t> keys(values.size() + simd::kKeyPadding);
  const auto found = simd::compress_keys(values, keys.data());
  table.add(std::span(keys).first(found.key_count), found, values.size());
}

/// Straight from memory.
void count(KeyTable& table, const std::vector<float>& values) { table.count(values); }

ValueHistogram flushed(KeyTable& table) {
  ValueHistogram moved;
  table.flush(moved);
  return moved;
}

/// Of all values but zeros, which a table does not count.
ValueHistogram histogram_of(const std::vector<float>& values) {
  ValueHistogram histogram;
  for (const float value : values) {
    if (value != 0) histogram.add(value);
  }
  return histogram;
}

using Add = void (*)(KeyTable&, const std::vector<float>&);

class KeyTableWays : public testing::TestWithParam<Add> {};

TEST_P(KeyTableWays, MoveEveryCountIntoTheHistogram) {
  const std::vector<float> values = {1e-45f, 1, -2, 0, 1, 1, -2, -0.0f, -1e-45f};
  KeyTable table;
  GetParam()(table, values);
  EXPECT_TRUE(flushed(table) == histogram_of(values));
}

TEST_P(KeyTableWays, CountGroupsOfEqualKeysAndGroupsThatOnlyBeginAndEndAlike) {
  for (size_t length = 1; length < 40; ++length) {
    for (size_t other = 0; other < length; ++other) {
      std::vector<float> values(length, 1);
      values[other] = -2;
      KeyTable table;
      GetParam()(table, values);
      ASSERT_TRUE(flushed(table) == histogram_of(values)) << length << ", " << other;
    }
  }
}

TEST_P(KeyTableWays, LeaveNothingAfterAFlush) {
  KeyTable table;
  GetParam()(table, std::vector<float>(1'000, 1));
  ValueHistogram histogram;
  table.flush(histogram);
  table.flush(histogram);
  EXPECT_EQ(histogram.count(), 1'000u);
}

TEST_P(KeyTableWays, AreFullOnceOneKeyFillsItsCounter) {
  KeyTable table;
  for (int block = 0; block < 65; ++block) {
    ASSERT_TRUE(table.make_room_for(1'000)) << block;
    GetParam()(table, std::vector<float>(1'000, 1));
  }
  EXPECT_TRUE(table.make_room_for(535));
  EXPECT_FALSE(table.make_room_for(536));
  EXPECT_EQ(flushed(table).count(), 65'000u);
  EXPECT_TRUE(table.make_room_for(1'000)) << "empty again";
}

TEST_P(KeyTableWays, HaveRoomAsLongAsNoKeyComesNear) {
  // Each of 250 keys of either sign twice in a block; a far smaller one is found as well.
  std::vector<float> values = {1e-30f, -1e-42f};
  for (int i = 0; i < 250; ++i) {
    for (const float sign : {1.0f, -1.0f}) {
      values.insert(values.end(), 2, sign * (1 + static_cast<float>(i) / 128));
    }
  }
  KeyTable table;
  for (int block = 0; block < 1'000; ++block) {
    ASSERT_TRUE(table.make_room_for(values.size())) << block;
    GetParam()(table, values);
  }
  EXPECT_EQ(flushed(table).count(), 1'000 * values.size());
}

TEST_P(KeyTableWays, LoseNoCountThatIsFlushedInTime) {
  for (const size_t rare : {1u, 3u, 500u, 999u}) {
    std::vector<float> values(1'000, 1.5f);
    for (size_t i = 0; i < values.size(); i += rare + 1) values[i] = 1e-3f;
    KeyTable table;
    ValueHistogram counted, expected;
    for (int block = 0; block < 300; ++block) {
      if (!table.make_room_for(values.size())) table.flush(counted);
      GetParam()(table, values);
      expected.merge(histogram_of(values));
    }
    table.flush(counted);
    EXPECT_TRUE(counted == expected) << rare;
  }
}

TEST_P(KeyTableWays, ExpectFewZerosIfTheLastBlockHadFew) {
  std::vector<float> dense(800, 1.5f);
  std::fill_n(dense.begin(), 100, 0.0f);
  std::vector<float> sparse = dense;
  sparse.back() = -0.0f;
  KeyTable table;
  for (const int repeat : {0, 1}) {
    EXPECT_FALSE(table.expects_few_zeros()) << repeat;
    GetParam()(table, dense);
    EXPECT_TRUE(table.expects_few_zeros());
    GetParam()(table, sparse);
  }
}

INSTANTIATE_TEST_SUITE_P(ByKeys, KeyTableWays, testing::Values(add));
INSTANTIATE_TEST_SUITE_P(FromMemory, KeyTableWays, testing::Values(count));

TEST(KeyTable, TakesNothingOfABlockThatIsNotFinite) {
  for (const float odd : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
    std::vector<float> values = {3, 0, 5, -0.0f, -7};
    values.resize(50, 2.5f);
    KeyTable table;
    table.count(values);
    std::vector<float> spoilt = values;
    spoilt[20] = odd;
    EXPECT_FALSE(table.count(spoilt).all_finite());
    EXPECT_TRUE(flushed(table) == histogram_of(values));
    EXPECT_TRUE(flushed(table) == ValueHistogram());
  }
}

TEST(KeyTable, FetchingChangesNothing) {
  KeyTable table;
  table.fetch(1'000'000);
  // The largest and the smallest octaves of both signs: nothing behind the ends is asked for.
  const std::vector<float> values = {__FLT_MAX__, -__FLT_MAX__, 1e-45f, -1e-45f};
  add(table, values);
  for (const size_t length : {0, 1, 2'048, 1'000'000}) table.fetch(length);
  EXPECT_TRUE(flushed(table) == histogram_of(values));
}

}  // namespace
}  // namespace rangefinder::statistics
