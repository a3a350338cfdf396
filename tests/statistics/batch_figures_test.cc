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

}  // namespace
}  // namespace rangefinder::statistics
