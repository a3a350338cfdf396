#include "statistics/counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "statistics/samples.h"
#include "support/all_targets.h"
#include "tensor/half.h"

namespace rangefinder::statistics {
namespace {

TensorStatistics reference(std::span<const float> values) {
  TensorStatistics statistics;
  statistics.add(values);
  return statistics;
}

TEST(Counter, EqualsThePlainLoopOnEveryInstructionSet) {
  const std::vector<float> values = mixed_values(40'000, 1, true);
  test_support::for_all_targets([&](const std::string& target) {
    Counter counter;
    for (const size_t length :
         {0, 1, 2, 7, 8, 9, 63, 200, 1023, 1024, 1025, 16'383, 16'384, 16'385, 39'991}) {
      for (const size_t offset : {0, 1, 3, 8}) {
        const std::span<const float> part(&values[offset], length);
        TensorStatistics counted;
        counter.count(part, counted);
        ASSERT_EQ(counted, reference(part)) << target << ", " << length << " from " << offset;
      }
    }
  });
}

TEST(Counter, LeavesNothingBehindForTheNextTensor) {
  Counter counter;
  TensorStatistics first;
  counter.count(mixed_values(30'000, 1, true), first);
  const std::vector<float> values = mixed_values(30'000, 2, false);
  TensorStatistics second;
  counter.count(values, second);
  EXPECT_EQ(second, reference(values));
}

TEST(Counter, TensorsWithATableOfTheirOwnAreCountedAlike) {
  // Several tensors in turn, short runs and long ones.
  const std::vector<float> values = mixed_values(60'000, 3, true);
  Counter counter;
  std::vector<KeyTable> tables(2);
  std::vector<TensorStatistics> counted(2);
  std::vector<TensorStatistics> expected(2);
  size_t length = 1;
  for (size_t run = 0; run < 60; ++run) {
    length = length * 7 % 39'989;
    const std::span<const float> part(&values[run * 300], length);
    counter.count(part, counted[run % 2], &tables[run % 2]);
    expected[run % 2].add(part);
    EXPECT_EQ(counted[run % 2].extrema, expected[run % 2].extrema) << "extremes do not wait";
  }
  EXPECT_NE(counted, expected) << "keys do";
  for (size_t i = 0; i < 2; ++i) tables[i].flush(counted[i].histogram);
  EXPECT_EQ(counted, expected);
  tables[0].flush(counted[0].histogram);
  EXPECT_EQ(counted, expected) << "nothing waits any more";
}

TEST(Counter, BlocksWithFewZerosAndWithManyAreCountedAlike) {
  // Blocks in which from none to all values are zeros of either sign, and what is not finite in
  // every ninth: each kind after each other.
  std::vector<float> values = mixed_values(81 * simd::kBlockValues, 6, false);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t block = i / simd::kBlockValues;
    if (values[i] == 0) values[i] = 0.5f;
    if (i * 7 % 16 < block * 5 % 17) values[i] = i % 3 == 0 ? -0.0f : 0.0f;
    if (block % 9 == 4 && i % 500 == 77) values[i] = i % 2 == 0 ? std::nanf("") : -HUGE_VALF;
  }
  test_support::for_all_targets([&](const std::string& target) {
    KeyTable table;
    TensorStatistics counted;
    Counter().count(values, counted, &table);
    table.flush(counted.histogram);
    EXPECT_EQ(counted, reference(values)) << target;
  });
}

TEST(Counter, PaddingOfAnyWidthIsNotCounted) {
  for (const size_t block : {1, 2, 3, 4, 8, 16, 32, 1024}) {
    for (size_t channels = 1; channels <= std::min<size_t>(block, 40); ++channels) {
      // More positions than are copied at a time, and few.
      for (const size_t inner : {1, 7, 1'300}) {
        const size_t batch = block == 1024 ? 1 : 2;
        std::vector<float> values = mixed_values(batch * block * inner, 5, false);
        TensorStatistics expected;
        for (size_t i = 0; i < values.size(); ++i) {
          if (i % block < channels) {
            expected.add({&values[i], 1});
          } else {
            values[i] = i % 2 == 0 ? std::nanf("") : 1e30f;
          }
        }
        TensorStatistics counted;
        Counter().count_blocked(values, {batch, channels, inner}, block, counted);
        ASSERT_EQ(counted, expected) << channels << " of " << block << ", " << inner;
      }
    }
  }
}

TEST(Counter, BlockedAndHalfPrecisionTensorsMayHaveATableToo) {
  const std::vector<float> values = mixed_values(2 * 16 * 50, 4, false);
  const ChannelLayout layout{.batch = 2, .channels = 11, .inner = 50};
  std::vector<uint16_t> halves(values.size());
  std::ranges::transform(values, halves.begin(), tensor::float_to_float16);
  Counter counter;
  TensorStatistics expected;
  counter.count_blocked(values, layout, 8, expected);
  counter.count_float16(halves, expected);
  counter.count_bfloat16(halves, expected);
  TensorStatistics counted;
  KeyTable table;
  counter.count_blocked(values, layout, 8, counted, &table);
  counter.count_float16(halves, counted, &table);
  counter.count_bfloat16(halves, counted, &table);
  table.flush(counted.histogram);
  EXPECT_EQ(counted, expected);
}

TEST(Counter, CountsShortRunsOfOneValue) {
  // Runs of 1 to 40 equal values, so that groups of the table's loop are equal, mixed, or nearly
  // so.
  std::vector<float> values;
  for (size_t run = 0; values.size() < 40'000; ++run) {
    values.insert(values.end(), 1 + run * 7 % 40, static_cast<float>(run % 5) - 1.5f);
  }
  TensorStatistics counted;
  Counter().count(values, counted);
  EXPECT_EQ(counted, reference(values));
}

TEST(Counter, CountsLongRunsOfOneValue) {
  for (const float value : {1.5f, -1.5f, 0.0f, -0.0f, 1e-42f}) {
    const std::vector<float> values(100'000, value);
    TensorStatistics counted;
    Counter().count(values, counted);
    EXPECT_EQ(counted, reference(values));
    EXPECT_FALSE(std::signbit(counted.extrema.max) && value == 0);
  }
}

TEST(Counter, CountsTensorsOfNothingFinite) {
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> values(20'000, -inf);
  values[7] = std::nanf("");
  values[4'000] = inf;
  TensorStatistics counted;
  Counter().count(values, counted);
  EXPECT_EQ(counted, reference(values));
  EXPECT_FALSE(counted.extrema.has_range());
  EXPECT_EQ(counted.count(), 20'000u);
}

/// A tensor in logical order [batch][channel][inner], and the way to each of its values.
struct Logical {
  ChannelLayout layout;
  std::vector<float> values;

  explicit Logical(ChannelLayout shape)
      : layout(shape), values(mixed_values(shape.batch * shape.channels * shape.inner, 3, true)) {}

  std::vector<TensorStatistics> per_channel() const {
    std::vector<TensorStatistics> result(layout.channels);
    for (size_t i = 0; i < layout.batch * layout.channels; ++i) {
      result[i % layout.channels].add({values.data() + i * layout.inner, layout.inner});
    }
    return result;
  }

  /// Every value stored where `place(batch, channel, inner)` says; NaN elsewhere.
  std::vector<float> stored(size_t size,
                            const std::function<size_t(size_t, size_t, size_t)>& place) const {
    std::vector<float> result(size, std::nanf(""));
    size_t next = 0;
    for (size_t n = 0; n < layout.batch; ++n) {
      for (size_t c = 0; c < layout.channels; ++c) {
        for (size_t i = 0; i < layout.inner; ++i) result[place(n, c, i)] = values[next++];
      }
    }
    return result;
  }

  std::vector<float> channels_last() const {
    return stored(values.size(), [&](size_t n, size_t c, size_t i) {
      return (n * layout.inner + i) * layout.channels + c;
    });
  }

  std::vector<float> blocked(size_t block) const {
    const size_t blocks = (layout.channels + block - 1) / block;
    return stored(layout.batch * blocks * layout.inner * block, [&](size_t n, size_t c, size_t i) {
      return ((n * blocks + c / block) * layout.inner + i) * block + c % block;
    });
  }
};

class CounterLayouts : public testing::TestWithParam<ChannelLayout> {};

TEST_P(CounterLayouts, CountEachChannelApart) {
  const Logical tensor(GetParam());
  const std::vector<TensorStatistics> expected = tensor.per_channel();
  Counter counter;
  std::vector<TensorStatistics> nchw(expected.size());
  counter.count_channels_nchw(tensor.values, tensor.layout, nchw);
  EXPECT_TRUE(nchw == expected);
  std::vector<TensorStatistics> nhwc(expected.size());
  counter.count_channels_nhwc(tensor.channels_last(), tensor.layout, nhwc);
  EXPECT_TRUE(nhwc == expected);
}

TEST_P(CounterLayouts, SkipThePaddingOfBlocks) {
  const Logical tensor(GetParam());
  Counter counter;
  for (const size_t block : {1, 8, 16}) {
    const std::vector<float> stored = tensor.blocked(block);
    TensorStatistics whole;
    counter.count_blocked(stored, tensor.layout, block, whole);
    EXPECT_TRUE(whole == reference(tensor.values)) << "block " << block;
    std::vector<TensorStatistics> channels(tensor.layout.channels);
    counter.count_channels_blocked(stored, tensor.layout, block, channels);
    EXPECT_TRUE(channels == tensor.per_channel()) << "block " << block;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, CounterLayouts,
                         testing::Values(ChannelLayout{1, 1, 1}, ChannelLayout{2, 3, 5},
                                         ChannelLayout{1, 16, 49}, ChannelLayout{2, 24, 300},
                                         ChannelLayout{3, 37, 20}, ChannelLayout{1, 5, 17'000},
                                         ChannelLayout{0, 4, 9}, ChannelLayout{2, 4, 0}));

TEST(Counter, RefusesALayoutThatDoesNotFit) {
  Counter counter;
  const std::vector<float> values(24);
  std::vector<TensorStatistics> three(3);
  const auto expect_refused = [](auto call) { EXPECT_THROW(call(), std::invalid_argument); };
  expect_refused([&] { counter.count_channels_nchw(values, {2, 4, 3}, three); });
  expect_refused([&] { counter.count_channels_nchw(values, {2, 3, 5}, three); });
  expect_refused([&] { counter.count_channels_nhwc(values, {2, 3, 5}, three); });
  expect_refused([&] { counter.count_channels_blocked(values, {1, 3, 4}, 8, three); });
  expect_refused([&] { counter.count_channels_blocked(values, {1, 3, 4}, 0, three); });
  expect_refused([&] { counter.count_blocked(values, {1, 3, 4}, 8, three[0]); });
  expect_refused([&] { counter.count_blocked(values, {1, 3, 4}, 0, three[0]); });
}

TEST(Counter, CountsHalvesAsTheFloatsTheyStandFor) {
  std::vector<uint16_t> halves(65536 + 100);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  for (const size_t length : {size_t{0}, size_t{5}, size_t{1'000}, halves.size()}) {
    const std::span<const uint16_t> part(halves.data(), length);
    std::vector<float> float16(length);
    std::vector<float> bfloat16(length);
    std::ranges::transform(part, float16.begin(), tensor::float16_to_float);
    std::ranges::transform(part, bfloat16.begin(), tensor::bfloat16_to_float);
    TensorStatistics counted16;
    TensorStatistics counted_b16;
    Counter counter;
    counter.count_float16(part, counted16);
    counter.count_bfloat16(part, counted_b16);
    EXPECT_TRUE(counted16 == reference(float16)) << length;
    EXPECT_TRUE(counted_b16 == reference(bfloat16)) << length;
  }
}

}  // namespace
}  // namespace rangefinder::statistics
