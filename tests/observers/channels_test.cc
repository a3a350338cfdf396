#include "observers/channels.h"

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

TEST(AddBatch, GivesEveryChannelItsValuesWhateverTheAxis) {
  const tensor::Tensor batch = support::stream_batch("normal", 3, {2, 3, 4});
  const auto values = batch.floats();
  for (int64_t axis = -3; axis < 3; ++axis) {
    Channels channels;
    add_batch(batch.view(), per_channel(axis), channels);
    const int64_t place = (axis + 3) % 3;
    Channels expected(static_cast<size_t>(batch.shape()[static_cast<size_t>(place)]));
    for (size_t i = 0; i < 24; ++i) {
      const size_t index[] = {i / 12, i / 4 % 3, i % 4};
      expected[index[place]].add(values.subspan(i, 1));
    }
    EXPECT_EQ(channels, expected) << "axis " << axis;
  }
}

TEST(AddBatch, RefusesAxesAndShapesThatDoNotFit) {
  const tensor::Tensor batch = support::stream_batch("normal", 3, {2, 3});
  Channels channels;
  EXPECT_THROW(add_batch(batch.view(), per_channel(2), channels), std::invalid_argument);
  add_batch(batch.view(), per_channel(1), channels);
  EXPECT_THROW(add_batch(batch.view(), per_channel(0), channels), Error);
}

TEST(AddBatch, AnEmptyBatchChangesNoCounts) {
  const tensor::Tensor batch = support::stream_batch("normal", 3, {2, 3});
  Channels channels;
  add_batch(batch.view(), per_channel(1), channels);
  const Channels before = channels;
  add_batch(tensor::Tensor(tensor::ElementType::kFloat32, {0, 3}).view(), per_channel(1), channels);
  EXPECT_EQ(channels, before);
}

}  // namespace
}  // namespace rangefinder::observers
