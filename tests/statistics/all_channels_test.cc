#include "statistics/all_channels.h"

#include <gtest/gtest.h>

namespace rangefinder::statistics {
namespace {

TEST(AllChannels, AddsUpWhatIsCountedApart) {
  ObservedTensor tensor{.name = "t", .channels = std::vector<TensorStatistics>(2)};
  tensor.channels[0].histogram.add(1.0f, 3);
  tensor.channels[1].histogram.add(1.0f, 4);
  tensor.channels[1].histogram.add(-2.0f, 5);
  const TensorStatistics all = all_channels(tensor);
  EXPECT_EQ(all.histogram.count(), 12u);
  EXPECT_EQ(all.histogram.buckets().size(), 2u);
  EXPECT_EQ(all_channels({.name = "nothing"}).count(), 0u);
}

}  // namespace
}  // namespace rangefinder::statistics
