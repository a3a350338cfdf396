#include "cuda/channel_pages.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"
#include "statistics/samples.h"
#include "support/fake_cuda.h"

namespace rangefinder::cuda {
namespace {

using statistics::TensorStatistics;

constexpr LineShape kShape{1, 2, 3, 40};

/// Histograms alone, without zeros: those are in the records.
std::vector<TensorStatistics> reference(const std::vector<float>& values) {
  std::vector<TensorStatistics> channels(kShape.channels);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 0) {
      channels[i / kShape.inner % kShape.channels].histogram.add(values[i]);
    }
  }
  return channels;
}

std::vector<float> nonzero_values(uint32_t seed) {
  return statistics::mixed_values(kShape.rows * kShape.channels * kShape.inner, seed, false);
}

TEST(CudaChannelPages, AreFoundForOctavesThatComeLater) {
  const auto device = fake_device();
  ChannelPages pages(device, kShape.channels);
  std::vector<TensorStatistics> expected(kShape.channels);
  std::vector<TensorStatistics> found(kShape.channels);
  for (uint32_t run = 0; run < 6; ++run) {
    const auto values = nonzero_values(run);
    std::vector<BatchRecord> records(kShape.channels);
    pages.count(values.data(), tensor::ElementType::kFloat32, kShape, records.data(),
                fake_stream());
    Event done(device);
    done.record(fake_stream());
    done.wait();
    const auto added = reference(values);
    for (size_t c = 0; c < added.size(); ++c) expected[c].merge(added[c]);
    // What was flushed does not come again.
    if (run % 2 == 1) pages.flush(found);
  }
  EXPECT_EQ(found, expected);
  pages.flush(found);
  EXPECT_EQ(found, expected);
}

TEST(CudaChannelPages, SayWhatIsNeededWhenMemoryRunsOut) {
  const auto device = fake_device("memory=" + std::to_string(fake_memory_used() + 7'000));
  ChannelPages pages(device, kShape.channels);
  const auto values = nonzero_values(1);
  std::vector<BatchRecord> records(kShape.channels);
  EXPECT_THROW(pages.count(values.data(), tensor::ElementType::kFloat32, kShape, records.data(),
                           fake_stream()),
               Error);
}

TEST(CudaChannelPages, OtherChannelsAreRefused) {
  ChannelPages pages(fake_device(), 3);
  std::vector<TensorStatistics> two(2);
  EXPECT_THROW(pages.flush(two), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::cuda
