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

TEST(CountBatch, TellsTheBatchFromWhatWasThereBefore) {
  std::vector<TensorStatistics> channels(1);
  std::vector<BatchFigures> figures(1);
  const auto count = [&](const std::vector<float>& values) {
    count_batch(channels, figures, [&] { channels[0].add(values); });
  };
  count({5, -1});
  count({2});
  EXPECT_EQ(figures[0].mean_max(), 3.5);
  EXPECT_EQ(channels[0].extrema.max, 5);
  EXPECT_EQ(channels[0].count(), 3u);
  EXPECT_THROW(count_batch(channels, figures, [] { throw std::runtime_error("no"); }),
               std::runtime_error);
  EXPECT_EQ(channels[0].extrema.max, 5);
  EXPECT_EQ(figures[0].batch_count(), 2u);
}

}  // namespace
}  // namespace rangefinder::statistics
