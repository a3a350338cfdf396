#include "observers/statistics_observer.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace rangefinder::observers {
namespace {

TEST(StatisticsObserver, SearchesChannelByChannel) {
  StatisticsObserver observer([](const statistics::TensorStatistics& channel) {
    return std::optional(quantization::AffineParameters{channel.extrema.max, 0});
  });
  std::vector<statistics::TensorStatistics> channels(2);
  channels[0].add(std::vector<float>{1});
  channels[1].add(std::vector<float>{2});
  const Solution solution = observer.solve({channels});
  ASSERT_EQ(solution.parameters.size(), 2u);
  EXPECT_EQ(solution.parameters[1].scale, 2);
  EXPECT_EQ(observer.needs(), Needs{});
}

TEST(StatisticsObserver, ManyChannelsKeepTheirPlacesAndTheFirstBadOneIsNamed) {
  StatisticsObserver observer([](const statistics::TensorStatistics& channel) {
    if (!channel.extrema.has_range()) return std::optional<quantization::AffineParameters>();
    return std::optional(quantization::AffineParameters{channel.extrema.max, 0});
  });
  std::vector<statistics::TensorStatistics> channels(500);
  for (size_t c = 0; c < channels.size(); ++c) {
    channels[c].add(std::vector<float>{static_cast<float>(c) + 1});
  }
  const Solution solution = observer.solve({channels});
  for (size_t c = 0; c < channels.size(); ++c) {
    EXPECT_EQ(solution.parameters[c].scale, static_cast<float>(c) + 1);
  }
  channels[123] = channels[321] = {};
  try {
    observer.solve({channels});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "Channel 123 of 500 saw no data.");
  }
}

TEST(StatisticsObserver, RefusesWhatTheSearchCannotUse) {
  StatisticsObserver observer([](const statistics::TensorStatistics&) {
    return std::optional<quantization::AffineParameters>();
  });
  std::vector<statistics::TensorStatistics> channels(1);
  EXPECT_THROW(observer.solve({channels}), Error);
  EXPECT_THROW(observer.solve({}), Error);
}

}  // namespace
}  // namespace rangefinder::observers
