#include "analog/activations/zero_windows.h"

#include <gtest/gtest.h>

#include <cmath>

#include "analog/geometries.h"

namespace rangefinder::analog {
namespace {

int64_t counted(const PatchGeometry& geometry, std::span<const float> sample) {
  const auto kept = unfolded_entries(geometry, sample, {0, geometry.features()});
  return geometry.windows() - static_cast<int64_t>(kept.size()) / geometry.features();
}

TEST(CountZeroWindows, EqualsUnfolding) {
  for (const PatchGeometry& geometry : sample_geometries()) {
    for (uint32_t seed = 0; seed < 4; ++seed) {
      const auto sample = sparse_samples(geometry, 1, seed);
      for (const int64_t block : kChannelBlocks) {
        EXPECT_EQ(ZeroWindows(geometry, block).count(blocked(geometry, sample, block)),
                  counted(geometry, sample));
      }
    }
  }
}

TEST(CountZeroWindows, OfNothingButZerosAreAll) {
  for (const PatchGeometry& geometry : sample_geometries()) {
    const std::vector<float> zeros(static_cast<size_t>(geometry.sample_size()), -0.0f);
    EXPECT_EQ(ZeroWindows(geometry).count(zeros), geometry.windows());
  }
}

TEST(CountZeroWindows, PaddingAloneIsZeroAndNanIsNot) {
  // Windows at -2, -1, ..., 1: the first sees padding only.
  const PatchGeometry geometry =
      convolution_geometry({.kernel_shape = {2}, .pads = {2, 0}}, std::vector<int64_t>{1, 1, 2});
  EXPECT_EQ(ZeroWindows(geometry).count(std::vector<float>{1, 1}), 1);
  EXPECT_EQ(ZeroWindows(geometry).count(std::vector<float>{0, NAN}), 2);
}

TEST(CountZeroWindows, AddsUpSamples) {
  const PatchGeometry geometry =
      convolution_geometry({.kernel_shape = {1}}, std::vector<int64_t>{1, 1, 2});
  EXPECT_EQ(ZeroWindows(geometry).count(std::vector<float>{1, 0, 0, 0, -0.0f, 1}), 4);
  EXPECT_EQ(ZeroWindows(geometry).count({}), 0);
}

}  // namespace
}  // namespace rangefinder::analog
