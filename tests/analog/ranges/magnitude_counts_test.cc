#include "analog/ranges/magnitude_counts.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "analog/geometries.h"

namespace rangefinder::analog {
namespace {

statistics::ValueHistogram of_magnitudes(const std::vector<float>& entries) {
  statistics::ValueHistogram histogram;
  for (const float entry : entries) histogram.add(std::fabs(entry));
  return histogram;
}

TEST(MagnitudeCounts, EqualAHistogramOfTheUnfoldedEntriesCallAfterCall) {
  MagnitudeCounts counts;
  for (const PatchGeometry& geometry : sample_geometries()) {
    const auto values = sparse_samples(geometry, 2, 5);
    for (const int64_t block : kChannelBlocks) {
      const PatchPlan plan(geometry, balanced_slices(geometry.features(), 5), block);
      const auto stored = blocked(geometry, values, block);
      const ActivationMatrix matrix(plan, stored);
      for (size_t slice = 0; slice < plan.slices.size(); ++slice) {
        const auto entries = unfolded_entries(geometry, values, plan.slices[slice]);
        counts.count(matrix, slice);
        statistics::ValueHistogram histogram;
        counts.add_to(histogram);
        EXPECT_EQ(histogram, of_magnitudes(entries));
        EXPECT_EQ(counts.entry_count(), entries.size());
      }
    }
  }
}

TEST(MagnitudeCounts, FindTheBucketOfARank) {
  const PatchPlan plan(linear_geometry(4), balanced_slices(4, -1));
  const std::vector<float> values = {1.0f, -8.0f, 0.0f, 8.0f};
  MagnitudeCounts counts;
  counts.count(ActivationMatrix(plan, values), 0);
  const uint32_t eight = std::bit_cast<uint32_t>(8.0f) >> statistics::ValueHistogram::kShift;
  const uint32_t one = std::bit_cast<uint32_t>(1.0f) >> statistics::ValueHistogram::kShift;
  EXPECT_EQ(counts.find(0)->key, eight);
  EXPECT_EQ(counts.find(1)->key, eight);
  EXPECT_EQ(counts.find(2)->key, one);
  EXPECT_EQ(counts.find(2)->above, 2u);
  EXPECT_FALSE(counts.find(3).has_value());
  EXPECT_EQ(counts.zero_count(), 1u);
  EXPECT_EQ(counts.occurrences(eight), 2u);
}

// A large kernel has more different numbers of occurrences than values wait for.
TEST(MagnitudeCounts, CountTheBordersOfALargeKernel) {
  const PatchGeometry geometry = convolution_geometry(
      {.kernel_shape = {21, 21}, .pads = {10, 10, 10, 10}}, std::vector<int64_t>{1, 2, 24, 24});
  const auto values = sparse_samples(geometry, 1, 9);
  const PatchPlan plan(geometry, balanced_slices(geometry.features(), -1));
  MagnitudeCounts counts;
  counts.count(ActivationMatrix(plan, values), 0);
  statistics::ValueHistogram histogram;
  counts.add_to(histogram);
  EXPECT_EQ(histogram, of_magnitudes(unfolded_entries(geometry, values, plan.slices[0])));
}

// 65536 values that occur 66049 times each: more than 2^32 in one bucket.
TEST(MagnitudeCounts, HoldMoreThanACellDoes) {
  const PatchGeometry geometry =
      convolution_geometry({.kernel_shape = {257, 257}, .pads = {256, 256, 256, 256}},
                           std::vector<int64_t>{1, 1, 256, 256});
  const PatchPlan plan(geometry, balanced_slices(geometry.features(), -1));
  std::vector<float> values(256 * 256, 1.0f);
  values.back() = 2.0f;
  MagnitudeCounts counts;
  for (int call = 0; call < 2; ++call) {
    counts.count(ActivationMatrix(plan, values), 0);
    const uint32_t one = std::bit_cast<uint32_t>(1.0f) >> statistics::ValueHistogram::kShift;
    EXPECT_EQ(counts.occurrences(one), 65535u * uint64_t{257 * 257});
    EXPECT_EQ(counts.find(0)->key, one + 128);
  }
}

TEST(MagnitudeCounts, TellOfNanAndForgetItWithTheNextCall) {
  const PatchPlan plan(linear_geometry(2), balanced_slices(2, -1));
  const std::vector<float> bad = {NAN, 1};
  const std::vector<float> good = {2, 1};
  MagnitudeCounts counts;
  counts.count(ActivationMatrix(plan, bad), 0);
  EXPECT_GT(counts.largest_bits(), 0x7f800000u);
  counts.count(ActivationMatrix(plan, good), 0);
  EXPECT_EQ(counts.largest_bits(), std::bit_cast<uint32_t>(2.0f));
  EXPECT_EQ(counts.find(1)->above, 1u);
}

}  // namespace
}  // namespace rangefinder::analog
