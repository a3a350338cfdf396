// The laws of statistics (tests/statistics/laws_test.cc) for what is counted on the device, under
// several interleavings: split, merge, empty and order make no difference, nor does the schedule.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "cuda/counter.h"
#include "statistics/samples.h"
#include "support/fake_cuda.h"

namespace rangefinder::cuda {
namespace {

using statistics::ChannelLayout;
using statistics::TensorStatistics;

constexpr size_t kChannels = 4;
using Channels = std::vector<TensorStatistics>;

/// Counts rows of kChannels values, all together (one entry) or per channel.
Channels count(const std::vector<std::vector<float>>& batches, bool per_channel,
               const std::string& settings = {}) {
  Counter counter(fake_device(settings), 1);
  Channels found(per_channel ? kChannels : 1);
  for (const auto& batch : batches) {
    std::optional<ChannelLayout> layout;
    if (per_channel) layout = {batch.size() / kChannels, kChannels, 1};
    counter.count(0, {batch.data(), tensor::ElementType::kFloat32, batch.size(), fake_stream()},
                  layout, {found, {}});
    counter.finish();
  }
  counter.flush(0, found);
  return found;
}

class CudaLaws : public testing::TestWithParam<bool> {
 protected:
  const std::vector<float> values_ = statistics::mixed_values(4'000, 17, true);
  const Channels whole_ = count({values_}, GetParam());
};

TEST_P(CudaLaws, TheScheduleMakesNoDifference) {
  for (const char* seed : {"seed=100", "seed=200", "seed=300"}) {
    EXPECT_EQ(count({values_}, GetParam(), seed), whole_) << seed;
  }
}

TEST_P(CudaLaws, CountingInPiecesIsCountingAtOnce) {
  std::vector<std::vector<float>> pieces;
  for (size_t i = 0; i < values_.size();) {
    const size_t size = std::min(values_.size() - i, kChannels * (1 + i % 97));
    pieces.emplace_back(values_.begin() + static_cast<std::ptrdiff_t>(i),
                        values_.begin() + static_cast<std::ptrdiff_t>(i + size));
    i += size;
  }
  EXPECT_EQ(count(pieces, GetParam()), whole_);
}

TEST_P(CudaLaws, TwoStatisticsAddUpToTheWhole) {
  const auto middle = values_.begin() + 1'000;
  Channels first = count({{values_.begin(), middle}}, GetParam());
  const Channels second = count({{middle, values_.end()}}, GetParam());
  for (size_t c = 0; c < first.size(); ++c) first[c].merge(second[c]);
  EXPECT_EQ(first, whole_);
}

TEST_P(CudaLaws, AnEmptyBatchChangesNothing) {
  const std::vector<float> empty;
  EXPECT_EQ(count({empty, values_, empty}, GetParam()), whole_);
  EXPECT_EQ(count({std::vector<float>()}, GetParam()), Channels(whole_.size()));
}

TEST_P(CudaLaws, TheOrderOfRowsMakesNoDifference) {
  std::vector<size_t> rows(values_.size() / kChannels);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  std::ranges::shuffle(rows, std::mt19937(3));
  std::vector<float> shuffled;
  for (const size_t row : rows) {
    shuffled.insert(shuffled.end(), &values_[row * kChannels],
                    &values_[row * kChannels] + kChannels);
  }
  EXPECT_EQ(count({shuffled}, GetParam()), whole_);
}

INSTANTIATE_TEST_SUITE_P(TogetherAndPerChannel, CudaLaws, testing::Bool());

}  // namespace
}  // namespace rangefinder::cuda
