// The kernels, as they are, under the emulation: against plain loops and the host's counters, over
// lengths, misalignments, grids and several interleavings of their threads.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "cuda/channel_kernels.h"
#include "cuda/count_kernel.h"
#include "cuda/row_kernel.h"
#include "cuda/sum_kernel.h"
#include "statistics/row_top.h"
#include "statistics/samples.h"
#include "statistics/tensor_statistics.h"
#include "support/cuda_emulation.h"
#include "tensor/half.h"

namespace rangefinder::cuda {
namespace {

using emulation::Launch;
using emulation::Machine;
using statistics::mixed_values;
using statistics::TensorStatistics;

/// 16-byte aligned, as a device's memory is.
template <class T>
class Aligned {
 public:
  explicit Aligned(std::span<const T> values, size_t offset = 0)
      : offset_(offset), words_((values.size() + offset) * sizeof(T) / sizeof(Word) + 2) {
    std::ranges::copy(values, data());
  }
  T* data() { return reinterpret_cast<T*>(words_.data()) + offset_; }

 private:
  struct alignas(16) Word {
    std::byte bytes[16];
  };
  size_t offset_;
  std::vector<Word> words_;
};

statistics::Extrema extrema_of(const BatchRecord& record) {
  statistics::Extrema found;
  if (record.high != 0) {
    found.add_range(as_float(from_ordered(~record.low)), as_float(from_ordered(record.high)));
  }
  found.nan_count = record.nan_count;
  found.positive_infinity_count = record.positive_infinity_count;
  found.negative_infinity_count = record.negative_infinity_count;
  return found;
}

void add_counts(std::span<const uint32_t> counts, uint32_t first_key,
                statistics::ValueHistogram& into) {
  for (uint32_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) into.add_key(first_key + i, counts[i]);
  }
}

template <class Format>
TensorStatistics count(const void* values, size_t size, const Launch& launch) {
  std::vector<uint32_t> table(kKeys);
  BatchRecord record = {};
  const CountArguments arguments{values, size, table.data(), &record};
  Launch with_shared = launch;
  with_shared.shared_size = sizeof(CountShared);
  emulation::run(with_shared, [&](void* shared) {
    CountKernel<Machine, Format>::run(arguments, *static_cast<CountShared*>(shared));
  });
  TensorStatistics found;
  found.extrema = extrema_of(record);
  found.histogram.add_zeros(record.zero_count);
  add_counts(table, 0, found.histogram);
  return found;
}

TensorStatistics reference(std::span<const float> values) {
  TensorStatistics statistics;
  statistics.add(values);
  return statistics;
}

std::string named(size_t length, size_t offset, const Launch& launch) {
  return std::to_string(length) + " from " + std::to_string(offset) + ", " +
         std::to_string(launch.blocks) + " blocks of " + std::to_string(launch.threads) +
         ", seed " + std::to_string(launch.seed);
}

const std::vector<Launch> kLaunches = {{.blocks = 1, .threads = 32, .seed = 1},
                                       {.blocks = 3, .threads = 64, .seed = 2},
                                       {.blocks = 5, .threads = 128, .seed = 3}};

TEST(CountKernel, EqualsThePlainLoopWhateverTheLengthAndAlignment) {
  const std::vector<float> values = mixed_values(9'000, 1, true);
  for (const size_t length : {0, 1, 2, 3, 4, 5, 15, 16, 31, 127, 128, 129, 2'047, 8'500}) {
    for (const size_t offset : {0, 1, 2, 3}) {
      const std::span<const float> part(&values[offset], length);
      Aligned<float> aligned(part, offset);
      const auto expected = reference(part);
      for (const Launch& launch : kLaunches) {
        ASSERT_EQ(count<Float32>(aligned.data(), length, launch), expected)
            << named(length, offset, launch);
      }
    }
  }
}

TEST(CountKernel, HalvesCountAsTheFloatsTheyStandFor) {
  std::vector<uint16_t> all(1 << 16);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i * 40'503);
  std::vector<float> as_float16(all.size());
  std::vector<float> as_bfloat16(all.size());
  std::ranges::transform(all, as_float16.begin(), tensor::float16_to_float);
  std::ranges::transform(all, as_bfloat16.begin(), tensor::bfloat16_to_float);
  const Launch launch{.blocks = 2, .threads = 64, .seed = 5};
  for (const size_t offset : {0, 1, 7}) {
    Aligned<uint16_t> aligned(all, offset);
    EXPECT_EQ(count<Float16>(aligned.data(), all.size(), launch), reference(as_float16));
    EXPECT_EQ(count<Bfloat16>(aligned.data(), all.size(), launch), reference(as_bfloat16));
  }
}

std::vector<float> filled(size_t size, const std::function<float(std::mt19937&)>& make) {
  std::mt19937 random(11);
  std::vector<float> values(size);
  std::ranges::generate(values, [&] { return make(random); });
  return values;
}

/// Data that would keep a simple kernel waiting for one counter, and data outside of what a block
/// sees first.
std::map<std::string, std::vector<float>> hard_data() {
  constexpr size_t kSize = 12'345;
  std::map<std::string, std::vector<float>> data;
  std::normal_distribution<float> normal;
  data["constant"] = std::vector<float>(kSize, -3.25f);
  data["zeros"] = std::vector<float>(kSize, 0.0f);
  data["negative zeros"] = std::vector<float>(kSize, -0.0f);
  data["relu"] = filled(kSize, [&](auto& random) { return std::max(0.0f, normal(random)); });
  data["saturated"] =
      filled(kSize, [&](auto& random) { return std::clamp(9 * normal(random), 0.0f, 6.0f); });
  data["few levels"] =
      filled(kSize, [&](auto& random) { return std::round(2 * normal(random)) / 4; });
  data["all octaves"] =
      filled(kSize, [](auto& random) { return as_float(static_cast<uint32_t>(random())); });
  data["growing"] = filled(kSize, [](auto&) { return 0.0f; });
  for (size_t i = 0; i < kSize; ++i) {
    data["growing"][i] = std::ldexp(1.0f, static_cast<int>(i / 60) - 100);
  }
  data["falling"] = {data["growing"].rbegin(), data["growing"].rend()};
  return data;
}

TEST(CountKernel, EqualsThePlainLoopOnHardData) {
  for (auto& [name, values] : hard_data()) {
    Aligned<float> aligned(values);
    for (const Launch& launch : kLaunches) {
      EXPECT_EQ(count<Float32>(aligned.data(), values.size(), launch), reference(values))
          << name << ", " << named(values.size(), 0, launch);
    }
  }
}

TEST(CountKernel, WithoutATableItFindsTheExtremesAlone) {
  const std::vector<float> values = mixed_values(3'000, 2, true);
  Aligned<float> aligned(values);
  BatchRecord record = {};
  const CountArguments arguments{aligned.data(), values.size(), nullptr, &record};
  emulation::run({.blocks = 2, .threads = 64, .shared_size = sizeof(CountShared), .seed = 4},
                 [&](void* shared) {
                   CountKernel<Machine, Float32>::run(arguments,
                                                      *static_cast<CountShared*>(shared));
                 });
  EXPECT_EQ(extrema_of(record), reference(values).extrema);
}

/// All three kernels, one after the other, as the host starts them.
std::vector<TensorStatistics> count_channels(std::span<const float> values, const LineShape& shape,
                                             const Launch& launch) {
  Aligned<float> aligned(values);
  std::vector<BatchRecord> records(shape.channels);
  std::vector<uint32_t> marks(shape.channels * kMarkWords);
  std::vector<uint32_t> assigned(marks.size());
  std::vector<uint32_t> directory(shape.channels * kOctaves);
  uint32_t page_count = 0;
  ChannelArguments arguments{aligned.data(), shape,           records.data(),
                             marks.data(),   assigned.data(), directory.data(),
                             &page_count,    nullptr};
  emulation::run(launch, [&](void*) { MarkKernel<Machine, Float32>::run(arguments); });
  emulation::run(launch, [&](void*) { AssignKernel<Machine>::run(arguments); });
  std::vector<uint32_t> pages(page_count * size_t{kBucketsPerOctave});
  arguments.pages = pages.data();
  emulation::run(launch, [&](void*) { PageKernel<Machine, Float32>::run(arguments); });
  std::vector<TensorStatistics> found(shape.channels);
  for (size_t c = 0; c < shape.channels; ++c) {
    found[c].extrema = extrema_of(records[c]);
    found[c].histogram.add_zeros(records[c].zero_count);
    for (uint32_t octave = 0; octave < kOctaves; ++octave) {
      const uint32_t page = directory[c * kOctaves + octave];
      if (page == 0) continue;
      add_counts(
          std::span(pages).subspan((page - 1) * size_t{kBucketsPerOctave}, kBucketsPerOctave),
          octave * kBucketsPerOctave, found[c].histogram);
    }
  }
  return found;
}

const std::vector<LineShape> kShapes = {{1, 1, 1, 1},  {1, 2, 3, 1},   {1, 300, 5, 1},
                                        {1, 7, 70, 1}, {1, 3, 33, 7},  {1, 2, 5, 31},
                                        {1, 2, 3, 32}, {1, 3, 2, 200}, {1, 1, 2, 5'000}};

TEST(ChannelKernels, CountEachChannelAsThePlainLoopDoes) {
  const std::vector<float> all = mixed_values(20'000, 9, true);
  for (const LineShape& shape : kShapes) {
    const std::span values = std::span(all).first(shape.rows * shape.channels * shape.inner);
    std::vector<TensorStatistics> expected(shape.channels);
    for (size_t i = 0; i < values.size(); ++i) {
      expected[i / shape.inner % shape.channels].add(values.subspan(i, 1));
    }
    for (const Launch& launch : kLaunches) {
      EXPECT_EQ(count_channels(values, shape, launch), expected)
          << shape.rows << ' ' << shape.channels << ' ' << shape.inner << ", seed " << launch.seed;
    }
  }
}

TEST(SumKernel, AddsIntegersBesideTheLargestOfTheBatch) {
  std::vector<float> all = mixed_values(30'000, 12, false);
  for (float& value : all) value = std::fmod(value, 100.0f);
  for (LineShape shape : kShapes) {
    for (const size_t entries : {1, 3}) {
      shape.entries = entries;
      const size_t entry_size = shape.rows * shape.channels * shape.inner;
      const std::span<float> values = std::span(all).first(entries * entry_size);
      const BatchRecord record = {.low = ~to_ordered(as_bits(std::ranges::min(values))),
                                  .high = to_ordered(as_bits(std::ranges::max(values)))};
      const float largest =
          std::max(std::fabs(std::ranges::min(values)), std::fabs(std::ranges::max(values)));
      const double unit = std::ldexp(1.0, -sum_shift(as_bits(largest)));
      ASSERT_LE(largest / unit, 1 << kSumBits);
      std::vector<int64_t> expected(entries * shape.channels);
      for (size_t i = 0; i < values.size(); ++i) {
        const size_t channel = i / shape.inner % shape.channels;
        expected[i / entry_size * shape.channels + channel] += std::llrint(values[i] / unit);
      }
      Aligned<float> aligned(values);
      for (const Launch& launch : kLaunches) {
        std::vector<int64_t> sums(expected.size());
        const SumArguments arguments{aligned.data(), shape, &record, 1,
                                     reinterpret_cast<uint64_t*>(sums.data())};
        Launch with_shared = launch;
        with_shared.shared_size = sizeof(SumShared);
        emulation::run(with_shared, [&](void* shared) {
          SumKernel<Machine, Float32>::run(arguments, *static_cast<SumShared*>(shared));
        });
        EXPECT_EQ(sums, expected) << shape.rows << ' ' << shape.channels << ' ' << shape.inner;
      }
    }
  }
}

TEST(SumKernel, LeavesABatchWithNanOut) {
  std::vector<float> values(64, 1.0f);
  const BatchRecord record = {
      .low = ~to_ordered(as_bits(1.0f)), .high = to_ordered(as_bits(1.0f)), .nan_count = 1};
  uint64_t sum = 0;
  const SumArguments arguments{values.data(), {1, 1, 1, 64}, &record, 1, &sum};
  emulation::run({.threads = 32, .shared_size = sizeof(SumShared)}, [&](void* shared) {
    SumKernel<Machine, Float32>::run(arguments, *static_cast<SumShared*>(shared));
  });
  EXPECT_EQ(sum, 0);
}

TEST(RowKernel, FindsTheLargestOfEachRow) {
  struct Rows {
    size_t outer, length, inner;
  };
  const std::vector<float> all = mixed_values(20'000, 21, true);
  for (const auto& [outer, length, inner] :
       {Rows{5, 2, 1}, Rows{40, 3, 1}, Rows{9, 6, 4}, Rows{3, 32, 1}, Rows{2, 33, 5},
        Rows{4, 1'000, 1}, Rows{1, 70, 3}}) {
    const std::span values = std::span(all).first(outer * length * inner);
    statistics::RowTop expected(statistics::RowTop::kMaxK);
    expected.add(values, length, inner);
    for (const Launch& launch : kLaunches) {
      std::vector<statistics::RowTop::Tuple> tuples(outer * inner);
      const RowArguments arguments{values.data(), tuples.size(), length, inner,
                                   tuples.front().data()};
      emulation::run(launch, [&](void*) { RowKernel<Machine, Float32>::run(arguments); });
      statistics::RowTop found(statistics::RowTop::kMaxK);
      for (const auto& tuple : tuples) found.add_tuple(tuple);
      EXPECT_EQ(found, expected) << outer << ' ' << length << ' ' << inner;
    }
  }
}

TEST(RowKernel, EqualValuesAreKeptAsOftenAsTheyCome) {
  const std::vector<float> values(100, 2.0f);
  statistics::RowTop::Tuple tuple = {};
  const RowArguments arguments{values.data(), 1, 100, 1, tuple.data()};
  emulation::run({.threads = 32}, [&](void*) { RowKernel<Machine, Float32>::run(arguments); });
  EXPECT_THAT(tuple, testing::Each(to_ordered(as_bits(2.0f)) + 1));
}

}  // namespace
}  // namespace rangefinder::cuda
