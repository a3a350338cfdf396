#include "engine/observe_slots.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "tensor/half.h"

namespace rangefinder::engine {
namespace {

using statistics::TensorStatistics;
using tensor::ElementType;
using tensor::Tensor;

/// Different values in each channel, zeros and both signs among them.
float value_at(int64_t n, int64_t c, int64_t pixel) {
  return static_cast<float>((c + 1) * ((n * 31 + pixel * 7) % 11 - 5)) * 0.37f;
}

Tensor nchw(int64_t batch, int64_t channels, int64_t height, int64_t width) {
  Tensor result(ElementType::kFloat32, {batch, channels, height, width});
  auto to = result.floats().begin();
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t p = 0; p < height * width; ++p) *to++ = value_at(n, c, p);
    }
  }
  return result;
}

/// The same values channels last.
Tensor nhwc(int64_t batch, int64_t channels, int64_t height, int64_t width) {
  Tensor result(ElementType::kFloat32, {batch, height, width, channels});
  auto to = result.floats().begin();
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t p = 0; p < height * width; ++p) {
      for (int64_t c = 0; c < channels; ++c) *to++ = value_at(n, c, p);
    }
  }
  return result;
}

/// The same values in blocks, with padding that must not be counted.
Tensor blocked(int64_t batch, int64_t channels, int64_t height, int64_t width, int64_t block) {
  const int64_t blocks = (channels + block - 1) / block;
  Tensor result(ElementType::kFloat32, {batch, blocks * block, height, width});
  auto to = result.floats().begin();
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t b = 0; b < blocks; ++b) {
      for (int64_t p = 0; p < height * width; ++p) {
        for (int64_t c = b * block; c < (b + 1) * block; ++c) {
          *to++ = c < channels ? value_at(n, c, p) : 1e9f;
        }
      }
    }
  }
  return result;
}

TensorObservation gathered(const ObserveTarget& target,
                           const std::vector<tensor::TensorView>& batches) {
  ObserveSlots slots(1);
  for (const auto& values : batches) slots.count(target, values);
  return slots.take(0);
}

ChannelStatistics counted(const ObserveTarget& target, const tensor::TensorView& values) {
  return gathered(target, {values}).channels;
}

ChannelStatistics expected_channels(int64_t batch, int64_t channels, int64_t pixels) {
  ChannelStatistics result(static_cast<size_t>(channels));
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t p = 0; p < pixels; ++p) {
        result[static_cast<size_t>(c)].add(std::array{value_at(n, c, p)});
      }
    }
  }
  return result;
}

ChannelStatistics together(const ChannelStatistics& channels) {
  ChannelStatistics result(1);
  for (const TensorStatistics& channel : channels) result[0].merge(channel);
  return result;
}

TEST(ObserveSlots, CountsEveryLayoutAlike) {
  for (const int64_t channels : {1, 5, 8, 12, 16, 19}) {
    const ChannelStatistics expected = expected_channels(2, channels, 6);
    EXPECT_EQ(counted({}, nchw(2, channels, 3, 2).view()), together(expected));
    EXPECT_EQ(counted({.channel_axis = 1}, nchw(2, channels, 3, 2).view()), expected);
    EXPECT_EQ(counted({.channel_axis = 3}, nhwc(2, channels, 3, 2).view()), expected);
    for (const int64_t block : {8, 16}) {
      const Tensor values = blocked(2, channels, 3, 2, block);
      const ObserveTarget target{.block = block, .channels = channels};
      EXPECT_EQ(counted(target, values.view()), together(expected)) << channels << " " << block;
      ObserveTarget by_channel = target;
      by_channel.channel_axis = 1;
      EXPECT_EQ(counted(by_channel, values.view()), expected) << channels << " " << block;
    }
  }
}

statistics::ChannelSums sums_of(const ObserveTarget& target,
                                const std::vector<tensor::TensorView>& batches) {
  return gathered(target, batches).channel_sums;
}

TEST(ObserveSlots, AddsUpChannelsOfEveryLayoutAlike) {
  for (const int64_t channels : {1, 5, 8, 12, 16, 19}) {
    const Tensor plain = nchw(3, channels, 3, 2);
    const auto expected = sums_of({.keeps_sums = true, .sum_axis = 1}, {plain.view()});
    EXPECT_EQ(expected.channel_count(), static_cast<size_t>(channels));
    EXPECT_EQ(expected.value_count(), 3u * 3 * 2);
    EXPECT_EQ(sums_of({.keeps_sums = true, .sum_axis = -1}, {nhwc(3, channels, 3, 2).view()}),
              expected);
    for (const int64_t block : {8, 16}) {
      const Tensor values = blocked(3, channels, 3, 2, block);
      const ObserveTarget target{
          .block = block, .channels = channels, .keeps_sums = true, .sum_axis = 1};
      EXPECT_EQ(sums_of(target, {values.view()}), expected) << channels << " " << block;
    }
  }
}

TEST(ObserveSlots, SumsChangeNothingThatIsCounted) {
  const Tensor values = nchw(2, 5, 3, 2);
  const auto with = gathered({.keeps_sums = true, .sum_axis = 1}, {values.view(), values.view()});
  EXPECT_EQ(with.channels, gathered({}, {values.view(), values.view()}).channels);
  const auto alone = gathered({.keeps_sums = true, .sum_axis = 1, .is_counted = false},
                              {values.view(), values.view()});
  EXPECT_EQ(alone.channel_sums, with.channel_sums);
  EXPECT_TRUE(alone.channels.empty());
  EXPECT_TRUE(alone.batch_figures.empty());
}

TEST(ObserveSlots, SumsAreTheValues) {
  const Tensor values = Tensor::from_floats({2, 3}, std::vector<float>{1, 2, 3, 4.5f, 5, -6});
  const auto sums = sums_of({.keeps_sums = true, .sum_axis = 1}, {values.view(), values.view()});
  EXPECT_EQ(sums.value_count(), 4u);
  std::array<double, 3> totals = {};
  size_t part_count = 0;
  for (const auto& part : sums.parts()) {
    part_count += part.value_count != 0;
    for (size_t c = 0; c < part.sums.size(); ++c) totals[c] += part.sums[c].value();
  }
  EXPECT_EQ(totals, (std::array<double, 3>{11, 14, -6}));
  EXPECT_EQ(part_count, 2u) << "rows are samples; the same again is in the same part";
  Tensor many(ElementType::kFloat32, {40, 3});
  for (size_t i = 0; i < 120; ++i) many.floats()[i] = static_cast<float>(i);
  size_t filled = 0;
  const auto of_many = sums_of({.keeps_sums = true, .sum_axis = 1}, {many.view()});
  for (const auto& part : of_many.parts()) {
    filled += part.value_count != 0;
  }
  EXPECT_EQ(filled, 1u) << "so many rows are positions of one sample";
}

TEST(ObserveSlots, SumsNeedAnAxisThatIsThere) {
  ObserveSlots slots(1);
  const Tensor values = nchw(1, 5, 3, 2);
  for (const int64_t axis : {4, -5}) {
    EXPECT_THROW(slots.count({.keeps_sums = true, .sum_axis = axis}, values.view()),
                 std::invalid_argument);
  }
}

TEST(ObserveSlots, SumsOfTwoWorkersAddUp) {
  const Tensor first = nchw(1, 5, 3, 2);
  const Tensor second = Tensor::from_floats({1, 5}, std::vector<float>{1, 2, 3, 4, 5});
  for (const bool is_counted : {false, true}) {
    const ObserveTarget target{.keeps_sums = true, .sum_axis = 1, .is_counted = is_counted};
    TensorObservation merged = gathered(target, {first.view()});
    merged.merge(gathered(target, {second.view()}));
    EXPECT_EQ(merged, gathered(target, {second.view(), first.view()}));
    TensorObservation late;
    late.merge(merged);
    EXPECT_EQ(late, merged);
    merged.merge({});
    EXPECT_EQ(late, merged);
  }
}

TEST(ObserveSlots, AnyAxisMayBeCountedApart) {
  const Tensor values = Tensor::from_floats({3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6});
  const ChannelStatistics rows = counted({.channel_axis = 0}, values.view());
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2].extrema.min, 5);
  EXPECT_EQ(rows[2].extrema.max, 6);
}

TEST(ObserveSlots, HalfPrecisionCountsAsTheFloatsItStandsFor) {
  Tensor half(ElementType::kFloat16, {2, 3});
  const std::array<uint16_t, 6> bits = {0x3C00, 0xC000, 0x0001, 0x7C00, 0x7E00, 0x8000};
  std::copy_n(reinterpret_cast<const std::byte*>(bits.data()), 12, half.bytes().begin());
  std::vector<float> floats;
  for (const uint16_t b : bits) floats.push_back(tensor::float16_to_float(b));
  const Tensor same = Tensor::from_floats({2, 3}, floats);
  EXPECT_EQ(counted({}, half.view()), counted({}, same.view()));
  EXPECT_EQ(counted({.channel_axis = 1}, half.view()), counted({.channel_axis = 1}, same.view()));
  const Tensor bfloat(ElementType::kBfloat16, {5});
  EXPECT_EQ(counted({}, bfloat.view())[0].histogram.zero_count(), 5u);
  EXPECT_EQ(counted({.channel_axis = 0}, bfloat.view()).size(), 5u);
}

TEST(ObserveSlots, NotFiniteValuesAreCountedAndShown) {
  ObserveSlots slots(2);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor clean = Tensor::from_floats({2}, std::vector<float>{1, 2});
  const Tensor dirty = Tensor::from_floats({4}, std::vector<float>{1, nan, -INFINITY, INFINITY});
  slots.count({.index = 0}, clean.view());
  slots.count({.index = 1}, dirty.view());
  EXPECT_FALSE(slots.saw_nonfinite(0));
  EXPECT_TRUE(slots.saw_nonfinite(1));
  EXPECT_EQ(slots.slots()[1].channels[0].extrema.nan_count, 1u);
  EXPECT_EQ(slots.slots()[1].channels[0].extrema.infinity_count(), 2u);
  EXPECT_EQ(slots.slots()[1].channels[0].count(), 4u);
}

TEST(ObserveSlots, EmptyTensorsAreSamplesWithoutValues) {
  const ChannelStatistics none = counted({}, Tensor(ElementType::kFloat32, {0, 3}).view());
  ASSERT_EQ(none.size(), 1u);
  EXPECT_EQ(none[0].count(), 0u);
  EXPECT_EQ(counted({.channel_axis = 1}, Tensor(ElementType::kFloat32, {0, 3}).view()).size(), 3u);
}

TEST(ObserveSlots, WhatComesWhileNothingIsCountedIsNotThere) {
  const Tensor values = nchw(1, 3, 2, 2);
  ObserveSlots slots(1);
  slots.set_counting(false);
  slots.count({.index = 0, .keeps_sums = true, .sum_axis = 1}, values.view());
  EXPECT_TRUE(slots.slots()[0].channels.empty());
  EXPECT_EQ(slots.slots()[0], TensorObservation());
  slots.set_counting(true);
  slots.count({.index = 0}, values.view());
  EXPECT_EQ(slots.slots()[0].channels[0].count(), 12u);
}

TEST(ObserveSlots, MisuseThrows) {
  ObserveSlots slots(1);
  const Tensor floats(ElementType::kFloat32, {2, 3});
  EXPECT_THROW(slots.count({.index = 1}, floats.view()), std::invalid_argument);
  EXPECT_THROW(slots.count({.channel_axis = 2}, floats.view()), std::invalid_argument);
  EXPECT_THROW(slots.count({.block = 8, .channels = 3}, floats.view()), std::invalid_argument);
  const Tensor image(ElementType::kFloat32, {1, 16, 2, 2});
  EXPECT_THROW(slots.count({.block = 8, .channels = 3}, image.view()), std::invalid_argument);
  EXPECT_THROW(slots.count({}, Tensor(ElementType::kInt64, {2}).view()), std::invalid_argument);
}

TEST(ObserveSlots, TheNumberOfChannelsMustNotChange) {
  ObserveSlots slots(1);
  const Tensor floats(ElementType::kFloat32, {2, 3});
  slots.count({.channel_axis = 1}, floats.view());
  EXPECT_THROW(slots.count({.channel_axis = 0}, floats.view()), std::invalid_argument);
  EXPECT_THROW(slots.count({}, floats.view()), std::invalid_argument);
}

TEST(ObserveSlots, ABatchIsWhatOneCallShows) {
  const Tensor first = Tensor::from_floats({2, 2}, std::vector<float>{1, -4, 3, 0});
  const Tensor second = Tensor::from_floats({1, 2}, std::vector<float>{9, 2});
  const auto together = gathered({}, {first.view(), second.view()});
  ASSERT_EQ(together.batch_figures.size(), 1u);
  EXPECT_EQ(together.batch_figures[0].batch_count(), 2u);
  EXPECT_EQ(together.batch_figures[0].mean_min(), -1);
  EXPECT_EQ(together.batch_figures[0].mean_max(), 6);
  EXPECT_EQ(together.channels[0].extrema.min, -4);
  EXPECT_EQ(together.channels[0].extrema.max, 9);
  const auto apart = gathered({.channel_axis = 1}, {first.view(), second.view()});
  ASSERT_EQ(apart.batch_figures.size(), 2u);
  EXPECT_EQ(apart.batch_figures[0].mean_max(), 6);
  EXPECT_EQ(apart.batch_figures[1].mean_magnitude(), 3);
}

TEST(ObserveSlots, KeepsRowsAlongAnyAxis) {
  const Tensor values = Tensor::from_floats({2, 3}, std::vector<float>{1, 5, 3, 4, 2, 6});
  for (const int64_t axis : {-1, 1, 0, -2}) {
    statistics::RowTop expected(statistics::RowTop::kMaxK);
    const bool is_last = axis == -1 || axis == 1;
    expected.add(values.floats(), is_last ? 3 : 2, is_last ? 1 : 3);
    EXPECT_EQ(gathered({.keeps_rows = true, .row_axis = axis}, {values.view()}).row_top, expected);
  }
  EXPECT_FALSE(gathered({}, {values.view()}).row_top);
  ObserveSlots slots(1);
  EXPECT_THROW(slots.count({.keeps_rows = true, .row_axis = 2}, values.view()),
               std::invalid_argument);
}

TEST(ObserveSlots, MergesAllThatWasGathered) {
  const ObserveTarget target{.channel_axis = 1, .keeps_rows = true};
  const Tensor front = nchw(1, 3, 2, 2);
  const Tensor back = nchw(2, 3, 2, 2);
  TensorObservation sum;
  sum.merge(gathered(target, {back.view()}));
  sum.merge({});
  sum.merge(gathered(target, {front.view()}));
  EXPECT_EQ(sum, gathered(target, {front.view(), back.view()}));
  EXPECT_THROW(sum.merge({.channels = ChannelStatistics(2)}), Error);
}

}  // namespace
}  // namespace rangefinder::engine
