#include "analog/activations/coverage.h"

#include <gtest/gtest.h>

#include <numeric>

#include "analog/geometries.h"

namespace rangefinder::analog {
namespace {

/// Occurrences of every element, as the blocks tell them.
std::vector<uint32_t> expanded(const PatchGeometry& geometry,
                               const std::vector<CoverageBlock>& blocks) {
  std::vector<uint32_t> counts(static_cast<size_t>(geometry.sample_size()), 0);
  for (const CoverageBlock& block : blocks) {
    for (int64_t channel = 0; channel < block.channels; ++channel) {
      for (int64_t i = 0; i < block.length; ++i) {
        const auto at = static_cast<size_t>(block.offset + channel * block.channel_stride + i);
        counts.at(at) +=
            block.weights.empty() ? block.uniform : block.weights[static_cast<size_t>(i)];
      }
    }
  }
  return counts;
}

/// The same by unfolding a picture whose elements are their own numbers.
std::vector<uint32_t> counted(const PatchGeometry& geometry, ColumnRange columns) {
  std::vector<float> numbers(static_cast<size_t>(geometry.sample_size()));
  std::iota(numbers.begin(), numbers.end(), 1.0f);
  const std::vector<float> rows = unfold(geometry, numbers);
  std::vector<uint32_t> counts(numbers.size(), 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto column = static_cast<int64_t>(i) % geometry.features();
    if (column < columns.begin || column >= columns.end || rows[i] == 0.0f) continue;
    ++counts[static_cast<size_t>(rows[i]) - 1];
  }
  return counts;
}

TEST(ColumnCoverage, EqualsUnfoldingForEveryCutOfEveryGeometry) {
  for (const PatchGeometry& geometry : sample_geometries()) {
    for (int64_t begin = 0; begin < geometry.features(); begin += 1 + begin / 3) {
      for (int64_t end = begin + 1; end <= geometry.features(); end += 1 + (end - begin) / 2) {
        const auto blocks = column_coverage(geometry, {begin, end});
        EXPECT_EQ(expanded(geometry, blocks), counted(geometry, {begin, end}))
            << begin << ".." << end << " of " << geometry.features();
      }
    }
  }
}

TEST(ColumnCoverage, IsOneRunWhereEveryElementOccursOnce) {
  const PatchGeometry pointwise =
      convolution_geometry({.kernel_shape = {1, 1}}, std::vector<int64_t>{1, 8, 5, 5});
  const auto blocks = column_coverage(pointwise, {0, 8});
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].length, 200);
  EXPECT_EQ(blocks[0].uniform, 1u);
}

}  // namespace
}  // namespace rangefinder::analog
