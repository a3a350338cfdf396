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
