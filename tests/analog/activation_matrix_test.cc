#include "analog/activation_matrix.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "analog/geometries.h"

namespace rangefinder::analog {
namespace {

TEST(ActivationMatrix, CountsEntriesAsUnfoldingDoes) {
  for (const PatchGeometry& geometry : sample_geometries()) {
    for (const int64_t limit : {-1, 4, 1}) {
      const PatchPlan plan(geometry, balanced_slices(geometry.features(), limit));
      const auto values = sparse_samples(geometry, 3, 77);
      const ActivationMatrix matrix(plan, values);
      EXPECT_EQ(matrix.row_count(), 3u * static_cast<uint64_t>(geometry.windows()));
      for (size_t slice = 0; slice < matrix.slice_count(); ++slice) {
        const auto entries = unfolded_entries(geometry, values, plan.slices[slice]);
        EXPECT_EQ(matrix.entry_count(slice), entries.size());
        int64_t nonzero = 0;
        int64_t seen = 0;
        matrix.for_each_run(
            slice, [&](const float* run, const uint32_t* weights, uint32_t uniform, size_t length) {
              for (size_t i = 0; i < length; ++i) {
                const uint32_t weight = weights == nullptr ? uniform : weights[i];
                seen += weight;
                nonzero += run[i] != 0.0f ? weight : 0;
              }
            });
        EXPECT_EQ(nonzero,
                  std::count_if(entries.begin(), entries.end(), [](float x) { return x != 0.0f; }));
        EXPECT_EQ(seen + matrix.unseen_zero_count(slice), static_cast<int64_t>(entries.size()));
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
