#include "observers/gather.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/error.h"
#include "support/streams.h"

namespace rangefinder::observers {
namespace {

using Config = quantization::TensorQuantizationConfig;
using Channels = std::vector<statistics::TensorStatistics>;

Config per_channel(int64_t axis) {
  Config config = Config::linear(quantization::Symmetry::kSymmetric);
  config.properties.granularity = quantization::Granularity::kPerChannel;
  config.channel_axis = axis;
  return config;
}

Channels channels_of(const Gatherer& gatherer) {
  return {gatherer.channels().begin(), gatherer.channels().end()};
}

TEST(Gatherer, GivesEveryChannelItsValuesWhateverTheAxis) {
  const tensor::Tensor batch = support::stream_batch("normal", 3, {2, 3, 4});
  const auto values = batch.floats();
  for (int64_t axis = -3; axis < 3; ++axis) {
    Gatherer gatherer(per_channel(axis), {});
    gatherer.add(batch.view());
    const int64_t place = (axis + 3) % 3;
    Channels expected(static_cast<size_t>(batch.shape()[static_cast<size_t>(place)]));
    for (size_t i = 0; i < 24; ++i) {
      const size_t index[] = {i / 12, i / 4 % 3, i % 4};
      expected[index[place]].add(values.subspan(i, 1));
    }
    EXPECT_EQ(channels_of(gatherer), expected) << "axis " << axis;
  }
}

TEST(Gatherer, RefusesAxesAndShapesThatDoNotFit) {
  const tensor::Tensor batch = support::stream_batch("normal", 3, {2, 3});
  EXPECT_THROW(Gatherer(per_channel(2), {}).add(batch.view()), Error);
  EXPECT_THROW(Gatherer(per_channel(1), {.row_top = 1, .row_axis = -3}).add(batch.view()), Error);
  Gatherer gatherer(per_channel(1), {});
  gatherer.add(batch.view());
  EXPECT_THROW(gatherer.add(support::stream_batch("normal", 3, {3, 2}).view()), Error);
}

TEST(Gatherer, AnEmptyBatchChangesNothing) {
  Gatherer gatherer(per_channel(1), {.batch_figures = true, .row_top = 1});
  gatherer.add(support::stream_batch("normal", 3, {2, 3}).view());
  const Channels before = channels_of(gatherer);
  const statistics::BatchFigures figures = gatherer.observations().batches[0];
  gatherer.add(tensor::Tensor(tensor::ElementType::kFloat32, {0, 3}).view());
  EXPECT_EQ(channels_of(gatherer), before);
  EXPECT_EQ(gatherer.observations().batches[0], figures);
  EXPECT_EQ(gatherer.observations().rows->row_count(), 2u);
}

TEST(Gatherer, KeepsTheFiguresOfEveryBatchBesideTheWhole) {
  Gatherer gatherer(per_channel(1), {.batch_figures = true});
  gatherer.add(tensor::Tensor::from_floats({1, 2}, std::vector<float>{1, -4}).view());
  gatherer.add(tensor::Tensor::from_floats({1, 2}, std::vector<float>{3, -2}).view());
  const Observations seen = gatherer.observations();
  ASSERT_EQ(seen.batches.size(), 2u);
  EXPECT_EQ(seen.batches[0].mean_max(), 2);
  EXPECT_EQ(seen.batches[1].mean_min(), -3);
  EXPECT_EQ(seen.channels[1].extrema.min, -4);
  EXPECT_EQ(seen.channels[1].extrema.max, -2);
}

TEST(Gatherer, TakesRowsAlongAnyAxis) {
  const tensor::Tensor batch = tensor::Tensor::from_floats({2, 2}, std::vector<float>{1, 2, 3, 4});
  const auto rows = [&batch](int64_t axis) {
    Gatherer gatherer(Config::linear(quantization::Symmetry::kSymmetric),
                      {.row_top = 1, .row_axis = axis});
    gatherer.add(batch.view());
    std::vector<float> largest;
    for (const auto& row : gatherer.observations().rows->rows()) {
      largest.push_back(row.values[0].lower);
    }
    return largest;
  };
  EXPECT_EQ(rows(-1), (std::vector<float>{2, 4}));
  EXPECT_EQ(rows(0), (std::vector<float>{3, 4}));
}

}  // namespace
}  // namespace rangefinder::observers
