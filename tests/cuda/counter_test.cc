// The whole way through the (emulated) driver: against the host's counters, integer by integer.

#include "cuda/counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "base/error.h"
#include "statistics/samples.h"
#include "support/fake_cuda.h"
#include "tensor/half.h"
#include "tensor/tensor.h"

namespace rangefinder::cuda {
namespace {

using statistics::BatchFigures;
using statistics::ChannelLayout;
using statistics::ChannelSums;
using statistics::mixed_values;
using statistics::RowTop;
using statistics::SumLayout;
using statistics::TensorStatistics;
using tensor::ElementType;

DeviceValues on_device(const std::vector<float>& values) {
  return {values.data(), ElementType::kFloat32, values.size(), fake_stream()};
}

/// What the host makes of one batch.
void count_on_host(const std::vector<float>& values, const std::optional<ChannelLayout>& layout,
                   std::span<TensorStatistics> channels, std::span<BatchFigures> figures) {
  statistics::BatchScope batch(channels, figures);
  statistics::Counter counter;
  if (layout) {
    counter.count_channels_nchw(values, *layout, channels);
  } else {
    counter.count(values, channels.front());
  }
  batch.finish();
}

TEST(CudaCounter, CountsBatchesAsTheHostDoes) {
  Counter counter(fake_device(), 2);
  std::vector<TensorStatistics> found(2);
  std::vector<BatchFigures> found_figures(2);
  std::vector<TensorStatistics> expected(2);
  std::vector<BatchFigures> expected_figures(2);
  for (uint32_t run = 0; run < 5; ++run) {
    std::vector<std::vector<float>> values;
    for (size_t i = 0; i < 2; ++i) {
      values.push_back(mixed_values(run == 3 ? 0 : 1'000 + 777 * run, run * 2 + i, i == 1));
      counter.count(i, on_device(values.back()), {}, {{&found[i], 1}, {&found_figures[i], 1}});
      count_on_host(values.back(), {}, {&expected[i], 1}, {&expected_figures[i], 1});
    }
    counter.finish();
    EXPECT_EQ(found_figures, expected_figures) << run;
    EXPECT_EQ(found[1].extrema, expected[1].extrema) << run;
  }
  for (size_t i = 0; i < 2; ++i) counter.flush(i, {&found[i], 1});
  EXPECT_EQ(found, expected);
}

TEST(CudaCounter, CountsChannelsAsTheHostDoes) {
  for (const ChannelLayout layout : {ChannelLayout{2, 3, 100}, ChannelLayout{50, 7, 1},
                                     ChannelLayout{1, 4, 9}, ChannelLayout{0, 4, 9}}) {
    Counter counter(fake_device("seed=5"), 1);
    std::vector<TensorStatistics> found(layout.channels);
    std::vector<BatchFigures> found_figures(layout.channels);
    std::vector<TensorStatistics> expected(layout.channels);
    std::vector<BatchFigures> expected_figures(layout.channels);
    for (uint32_t run = 0; run < 3; ++run) {
      const auto values =
          mixed_values(layout.batch * layout.channels * layout.inner, run, run == 1);
      counter.count(0, on_device(values), layout, {found, found_figures});
      counter.finish();
      count_on_host(values, layout, expected, expected_figures);
    }
    counter.flush(0, found);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(found_figures, expected_figures);
  }
}

TEST(CudaCounter, CountsHalvesAsTheHostDoes) {
  Counter counter(fake_device(), 2);
  std::vector<uint16_t> halves(3'000);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i * 40'503);
  for (const auto type : {ElementType::kFloat16, ElementType::kBfloat16}) {
    TensorStatistics found;
    TensorStatistics expected;
    counter.count(0, {halves.data(), type, halves.size(), fake_stream()}, {}, {{&found, 1}, {}});
    counter.finish();
    counter.flush(0, {&found, 1});
    if (type == ElementType::kFloat16) {
      statistics::Counter().count_float16(halves, expected);
    } else {
      statistics::Counter().count_bfloat16(halves, expected);
    }
    EXPECT_EQ(found, expected);
  }
}

TEST(CudaCounter, ATensorShownTwiceInARunIsTwoBatches) {
  Counter counter(fake_device(), 1);
  const std::vector<float> first = {1, 2};
  const std::vector<float> second = {-5, 0};
  TensorStatistics found;
  BatchFigures figures;
  counter.count(0, on_device(first), {}, {{&found, 1}, {&figures, 1}});
  counter.count(0, on_device(second), {}, {{&found, 1}, {&figures, 1}});
  counter.finish();
  EXPECT_EQ(figures.batch_count(), 2);
  EXPECT_EQ(figures.mean_min(), -2.0);
}

/// As the host adds a batch up: with the largest of the batch.
void add_on_host(const std::vector<float>& values, const SumLayout& layout, ChannelSums& into) {
  statistics::ChannelSummer().add(values, layout,
                                  statistics::ChannelSummer::largest(values, layout), into);
}

TEST(CudaCounter, AddsSumsUpAsTheHostDoes) {
  const std::vector<SumLayout> layouts = {{.channels = 3, .inner = 50},
                                          {.entries = 4, .channels = 5, .inner = 40},
                                          {.entries = 2, .rows = 30, .channels = 6},
                                          {.entries = 3, .rows = 2, .channels = 2, .inner = 33}};
  for (const SumLayout& layout : layouts) {
    for (const bool is_counted : {false, true}) {
      Counter counter(fake_device(), 1);
      ChannelSums found;
      ChannelSums expected;
      TensorStatistics counts;
      for (uint32_t run = 0; run < 4; ++run) {
        auto values = mixed_values(layout.entries * layout.entry_size(), run, false);
        // Runs with subnormals as the largest, with NaN, and of zeros.
        if (run == 1) values[7] = std::numeric_limits<float>::quiet_NaN();
        if (run == 2) std::ranges::fill(values, 0.0f);
        if (run == 3)
          std::ranges::replace_if(
              values, [](float x) { return x != 0; }, 1e-40f);
        if (is_counted) counter.count(0, on_device(values), {}, {{&counts, 1}, {}});
        counter.add_sums(0, on_device(values), layout, found);
        counter.finish();
        add_on_host(values, layout, expected);
      }
      EXPECT_EQ(found, expected);
    }
  }
}

TEST(CudaCounter, SumsOfAPerChannelTensorUseTheLargestOfAllChannels) {
  const auto values = mixed_values(2 * 3 * 40, 5, false);
  Counter counter(fake_device(), 1);
  std::vector<TensorStatistics> counts(3);
  ChannelSums found;
  ChannelSums expected;
  const SumLayout layout{.entries = 2, .channels = 3, .inner = 40};
  counter.count(0, on_device(values), ChannelLayout{2, 3, 40}, {counts, {}});
  counter.add_sums(0, on_device(values), layout, found);
  counter.finish();
  add_on_host(values, layout, expected);
  EXPECT_EQ(found, expected);
}

TEST(CudaCounter, KeepsRowsAsTheHostDoes) {
  Counter counter(fake_device(), 1);
  RowTop found(RowTop::kMaxK);
  RowTop expected(RowTop::kMaxK);
  for (const auto& [length, inner] : {std::pair<size_t, size_t>{40, 1}, {5, 8}, {2, 20}, {1, 40}}) {
    const auto values = mixed_values(40 * 6, static_cast<uint32_t>(length), true);
    counter.keep_rows(on_device(values), length, inner, found);
    counter.finish();
    expected.add(values, length, inner);
  }
  EXPECT_EQ(found, expected);
}

TEST(CudaCounter, ChannelsSumsAndRowsOfHalvesAreThoseOfTheFloatsTheyStandFor) {
  for (const auto type : {ElementType::kFloat16, ElementType::kBfloat16}) {
    tensor::Tensor halves(type, {6, 5, 8});
    auto* const bits = reinterpret_cast<uint16_t*>(halves.bytes().data());
    // Finite ones: the exponent's uppermost bit is 0.
    for (size_t i = 0; i < 240; ++i) bits[i] = static_cast<uint16_t>(i * 40'503) & 0xBFFF;
    const tensor::Tensor floats = halves.to_float32();
    const std::vector<float> values(floats.floats().begin(), floats.floats().end());
    Counter counter(fake_device(), 1);
    std::vector<TensorStatistics> found(5);
    std::vector<BatchFigures> found_figures(5);
    ChannelSums found_sums;
    RowTop found_rows(RowTop::kMaxK);
    const DeviceValues there{bits, type, 240, fake_stream()};
    counter.count(0, there, ChannelLayout{6, 5, 8}, {found, found_figures});
    counter.add_sums(0, there, {.rows = 6, .channels = 5, .inner = 8}, found_sums);
    counter.keep_rows(there, 8, 1, found_rows);
    counter.finish();
    counter.flush(0, found);
    std::vector<TensorStatistics> expected(5);
    std::vector<BatchFigures> expected_figures(5);
    ChannelSums expected_sums;
    RowTop expected_rows(RowTop::kMaxK);
    count_on_host(values, ChannelLayout{6, 5, 8}, expected, expected_figures);
    add_on_host(values, {.rows = 6, .channels = 5, .inner = 8}, expected_sums);
    expected_rows.add(values, 8, 1);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(found_figures, expected_figures);
    EXPECT_EQ(found_sums, expected_sums);
    EXPECT_EQ(found_rows, expected_rows);
    EXPECT_GT(found_sums.channel_count(), 0);
  }
}

TEST(CudaCounter, CopiesWhatIsInTheStream) {
  Counter counter(fake_device(), 1);
  const std::vector<float> values = {1, 2, 3};
  const auto bytes = counter.copy(on_device(values));
  ASSERT_EQ(bytes.size(), 12);
  EXPECT_EQ(std::memcmp(bytes.data(), values.data(), 12), 0);
}

TEST(CudaCounter, GivesAllMemoryBack) {
  const size_t before = fake_memory_used();
  {
    Counter counter(fake_device(), 1);
    const auto values = mixed_values(100, 1, false);
    std::vector<TensorStatistics> counts(10);
    counter.count(0, on_device(values), ChannelLayout{1, 10, 10}, {counts, {}});
    counter.finish();
    EXPECT_GT(fake_memory_used(), before);
  }
  EXPECT_EQ(fake_memory_used(), before);
}

TEST(CudaCounter, OutOfMemorySaysWhatIsNeeded) {
  Counter counter(fake_device("memory=" + std::to_string(fake_memory_used() + 100'000)), 1);
  const std::vector<float> values = {1};
  TensorStatistics found;
  EXPECT_THAT(
      [&] {
        counter.count(0, on_device(values), {}, {{&found, 1}, {}});
      },
      testing::ThrowsMessage<Error>(testing::HasSubstr(
          std::to_string(kKeys * 4) + " bytes needed for the counts of a tensor")));
}

TEST(CudaCounter, AKernelThatFailsIsAnError) {
  Counter counter(fake_device(), 1);
  const std::vector<float> values = {1};
  TensorStatistics found;
  counter.count(0, on_device(values), {}, {{&found, 1}, {}});
  fake_function<void(const char*)>("fake_driver_set")("fail=cuEventSynchronize:719");
  EXPECT_THAT([&] { counter.finish(); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("unspecified launch failure")));
}

TEST(CudaCounter, WhatDoesNotFitIsRefused) {
  Counter counter(fake_device(), 1);
  const std::vector<float> values(12);
  std::vector<TensorStatistics> found(3);
  ChannelSums sums;
  RowTop rows;
  EXPECT_THROW(counter.count(0, on_device(values), ChannelLayout{1, 3, 5}, {found, {}}),
               std::invalid_argument);
  EXPECT_THROW(counter.count(0, on_device(values), {}, {found, {}}), std::invalid_argument);
  EXPECT_THROW(counter.add_sums(0, on_device(values), {.channels = 5}, sums),
               std::invalid_argument);
  EXPECT_THROW(counter.keep_rows(on_device(values), 5, 1, rows), std::invalid_argument);
  const std::vector<int64_t> integers = {1, 2};
  EXPECT_THROW(counter.count(0, {integers.data(), ElementType::kInt64, 2, nullptr}, {},
                             {std::span(found).first(1), {}}),
               std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::cuda
