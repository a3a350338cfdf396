#include "analog/activations/activation_matrix.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "analog/geometries.h"

namespace rangefinder::analog {
namespace {

void expect_entries(const ActivationMatrix& matrix, size_t slice,
                    const std::vector<float>& entries) {
  EXPECT_EQ(matrix.entry_count(slice), entries.size());
  int64_t nonzero = 0;
  int64_t seen = 0;
  matrix.for_each_run(slice, [&](const ElementRun& run) {
    for (size_t i = 0; i < run.length(); ++i) {
      seen += run.weight(i);
      nonzero += run.values[i] != 0.0f ? run.weight(i) : 0;
    }
  });
  EXPECT_EQ(nonzero,
            std::count_if(entries.begin(), entries.end(), [](float x) { return x != 0.0f; }));
  EXPECT_EQ(seen + matrix.unseen_zero_count(slice), static_cast<int64_t>(entries.size()));
}

TEST(ActivationMatrix, CountsEntriesAsUnfoldingDoes) {
  for (const PatchGeometry& geometry : sample_geometries()) {
    const auto values = sparse_samples(geometry, 3, 77);
    for (const int64_t block : kChannelBlocks) {
      const auto stored = blocked(geometry, values, block);
      for (const int64_t limit : {-1, 4, 1}) {
        const PatchPlan plan(geometry, balanced_slices(geometry.features(), limit), block);
        const ActivationMatrix matrix(plan, stored);
        EXPECT_EQ(matrix.row_count(), 3u * static_cast<uint64_t>(geometry.windows()));
        for (size_t slice = 0; slice < matrix.slice_count(); ++slice) {
          expect_entries(matrix, slice, unfolded_entries(geometry, values, plan.slices[slice]));
        }
      }
    }
  }
}

TEST(ActivationMatrix, CopiesRowsAndTellsWhichAreKept) {
  const PatchPlan plan(linear_geometry(2), balanced_slices(2, -1));
  const std::vector<float> values = {1, 2, 0, -0.0f, 3, 0};
  const ActivationMatrix matrix(plan, values);
  std::vector<float> row(2);
  EXPECT_TRUE(matrix.copy_row(2, row));
  EXPECT_EQ(row, (std::vector<float>{3, 0}));
  EXPECT_FALSE(matrix.copy_row(1, row));
  EXPECT_EQ(matrix.kept_row_count(), 2u);
}

TEST(ActivationMatrix, CopiesTheSameRowsFromBlocksOfChannels) {
  for (const PatchGeometry& geometry : sample_geometries()) {
    const auto values = sparse_samples(geometry, 2, 5);
    const auto features = static_cast<size_t>(geometry.features());
    const std::vector<ColumnRange> columns = balanced_slices(geometry.features(), -1);
    const PatchPlan plain(geometry, columns);
    for (const int64_t block : kChannelBlocks) {
      const PatchPlan plan(geometry, columns, block);
      const auto stored = blocked(geometry, values, block);
      const ActivationMatrix matrix(plan, stored);
      std::vector<float> expected(features);
      std::vector<float> row(features);
      for (uint64_t i = 0; i < matrix.row_count(); ++i) {
        const bool kept = ActivationMatrix(plain, values).copy_row(i, expected);
        EXPECT_EQ(matrix.copy_row(i, row), kept);
        EXPECT_EQ(row, expected);
        EXPECT_EQ(matrix.copy_entries(i, row), kept);
        std::sort(row.begin(), row.end());
        std::sort(expected.begin(), expected.end());
        EXPECT_EQ(row, expected);
      }
    }
  }
}

TEST(ActivationMatrix, OfNoSamplesIsEmpty) {
  const PatchPlan plan(linear_geometry(2), balanced_slices(2, -1));
  EXPECT_EQ(ActivationMatrix(plan, {}).entry_count(0), 0u);
}

TEST(ActivationMatrix, RefusesPartOfASample) {
  const PatchPlan plan(linear_geometry(2), balanced_slices(2, -1));
  const std::vector<float> values = {1, 2, 3};
  EXPECT_THROW(ActivationMatrix(plan, values), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analog
