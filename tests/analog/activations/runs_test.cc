#include "analog/activations/runs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "analog/geometries.h"

namespace rangefinder::analog {
namespace {

const PatchGeometry kPointwise =
    convolution_geometry({.kernel_shape = {1, 1}}, std::vector<int64_t>{1, 20, 3, 5});

std::vector<RunPlace> runs_of(const PatchGeometry& geometry, ColumnRange columns, int64_t block) {
  const auto coverage = column_coverage(geometry, columns);
  return sample_runs(geometry, coverage, block);
}

// That they hold the right elements is tested with ActivationMatrix::for_each_run().
TEST(SampleRuns, OfEqualOccurrencesAreJoined) {
  EXPECT_EQ(runs_of(kPointwise, {0, 20}, 1), (std::vector<RunPlace>{{0, 300, 1, 1, 0}}));
  EXPECT_EQ(runs_of(kPointwise, {0, 16}, 8), (std::vector<RunPlace>{{0, 30, 8, 8, 0}}));
}

TEST(SampleRuns, LeaveOutPaddingAndOtherSlices) {
  EXPECT_EQ(runs_of(kPointwise, {0, 20}, 8),
            (std::vector<RunPlace>{{0, 30, 8, 8, 0}, {240, 15, 4, 8, 0}}));
  EXPECT_EQ(runs_of(kPointwise, {3, 9}, 8),
            (std::vector<RunPlace>{{3, 15, 4, 8, 0}, {7, 15, 1, 8, 0}, {120, 15, 1, 8, 0}}));
}

TEST(SampleRuns, GoWhereTheCoverageBegins) {
  // Every third element of 7, from the second one on.
  const PatchGeometry sparse = convolution_geometry(
      {.kernel_shape = {2}, .strides = {3}, .dilations = {1}}, std::vector<int64_t>{1, 2, 7});
  // The second kernel position of the second channel.
  EXPECT_EQ(runs_of(sparse, {3, 4}, 1), (std::vector<RunPlace>{{8, 4, 1, 1, 0}}));
  EXPECT_EQ(runs_of(sparse, {3, 4}, 4), (std::vector<RunPlace>{{5, 4, 1, 4, 0}}));
}

TEST(Gather, CopiesTheFirstLanesOfEveryPosition) {
  std::vector<float> values(16 * 5);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  for (const size_t lanes : {1, 2, 4, 8, 16}) {
    std::vector<float> copy(lanes * 5);
    gather(values.data(), 16, 5, lanes, copy.data());
    for (size_t i = 0; i < copy.size(); ++i) {
      EXPECT_EQ(copy[i], static_cast<float>(i / lanes * 16 + i % lanes));
    }
  }
}

TEST(StoredSize, FillsUpTheLastBlock) {
  EXPECT_EQ(stored_size(kPointwise, 1), 300u);
  EXPECT_EQ(stored_size(kPointwise, 8), 360u);
  EXPECT_EQ(stored_size(kPointwise, 16), 480u);
}

TEST(ElementRun, TellsWeightsOfPositions) {
  const float values[6] = {};
  const uint32_t weights[2] = {3, 0};
  const ElementRun weighted = {values, 2, 3, weights, 0};
  EXPECT_EQ(weighted.length(), 6u);
  EXPECT_EQ(weighted.weight(2), 3u);
  EXPECT_EQ(weighted.weight(3), 0u);
  const ElementRun uniform = {values, 6, 1, nullptr, 9};
  EXPECT_EQ(uniform.weight(5), 9u);
}

TEST(AllZero, LooksAtBits) {
  EXPECT_TRUE(all_zero({}));
  EXPECT_TRUE(all_zero(std::vector<float>{0.0f, -0.0f}));
  for (const float value : {1e-45f, -1e-45f, 1.0f, NAN}) {
    EXPECT_FALSE(all_zero(std::vector<float>{0.0f, value})) << value;
  }
}

}  // namespace
}  // namespace rangefinder::analog
