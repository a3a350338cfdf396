#include "statistics/batch_figures.h"

#include <gtest/gtest.h>

#include <limits>

namespace rangefinder::statistics {
namespace {

Extrema batch(float low, float high) {
  Extrema extrema;
  extrema.add_range(low, high);
  return extrema;
}

TEST(BatchFigures, AverageOverBatches) {
  BatchFigures figures;
  figures.add(batch(-1, 2));
  figures.add(batch(-4, 3));
  EXPECT_EQ(figures.batch_count(), 2u);
  EXPECT_EQ(figures.mean_min(), -2.5);
  EXPECT_EQ(figures.mean_max(), 2.5);
  EXPECT_EQ(figures.mean_magnitude(), 3);
}

TEST(BatchFigures, AreEmptyWithoutAFiniteValue) {
  BatchFigures figures;
  Extrema nothing_finite;
  nothing_finite.add(std::numeric_limits<float>::infinity());
  figures.add(nothing_finite);
  EXPECT_EQ(figures, BatchFigures());
  EXPECT_FALSE(figures.mean_min() || figures.mean_max() || figures.mean_magnitude());
}

TEST(BatchScope, TellsTheBatchFromWhatWasThereBefore) {
  std::vector<TensorStatistics> channels(2);
  std::vector<BatchFigures> figures(2);
  const auto count = [&](const std::vector<float>& first, const std::vector<float>& second) {
    BatchScope batch(channels, figures);
    channels[0].add(first);
    channels[1].add(second);
    batch.finish();
  };
  count({5, -1}, {7});
  count({2}, {9, 8});
  EXPECT_EQ(figures[0].mean_max(), 3.5);
  EXPECT_EQ(channels[0].extrema.max, 5);
  EXPECT_EQ(channels[0].count(), 3u);
  EXPECT_EQ(figures[1].mean_min(), 7.5);
  EXPECT_EQ(channels[1].extrema.min, 7);
}

TEST(BatchScope, OfABatchThatIsNotFinishedLeavesTheExtremesFromBefore) {
  std::vector<TensorStatistics> channels(2);
  std::vector<BatchFigures> figures(2);
  for (TensorStatistics& channel : channels) channel.add(std::vector<float>{5, -1});
  { const BatchScope abandoned(channels, figures); }
  EXPECT_EQ(channels[0].extrema.max, 5);
  EXPECT_EQ(channels[1].extrema.min, -1);
  EXPECT_EQ(figures[0].batch_count(), 0u);
}

TEST(BatchScope, WorksWithoutFiguresAndWithoutChannels) {
  std::vector<TensorStatistics> channels(1);
  {
    BatchScope batch(channels, {});
    channels[0].add(std::vector<float>{1, 2});
    batch.finish();
    BatchScope none({}, {});
    none.finish();
  }
  EXPECT_EQ(channels[0].extrema.max, 2);
}

}  // namespace
}  // namespace rangefinder::statistics
