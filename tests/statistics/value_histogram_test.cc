#include "statistics/value_histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace rangefinder::statistics {
namespace {

TEST(ValueHistogram, BucketsComeInAscendingOrderWithZeroBetween) {
  ValueHistogram h;
  for (const float x : {1.0f, -1.0f, 0.0f, -0.0f, 2.0f, 1.001f}) h.add(x);
  const double width = 1.0 / 128;
  EXPECT_THAT(h.buckets(),
              testing::ElementsAre(Bucket{-1 - width, -1, 1}, Bucket{0, 0, 2},
                                   Bucket{1, 1 + width, 2}, Bucket{2, 2 + 2 * width, 1}));
  EXPECT_EQ(h.count(), 6u);
  EXPECT_EQ(h.zero_count(), 2u);
}

TEST(ValueHistogram, HoldsTheExtremesOfFloatAndRefusesTheRest) {
  ValueHistogram h;
  h.add(std::numeric_limits<float>::max());
  h.add(std::numeric_limits<float>::denorm_min());
  h.add(-std::numeric_limits<float>::max());
  ASSERT_EQ(h.buckets().size(), 3u);
  EXPECT_EQ(h.buckets().back().upper, 0x1p128);
  EXPECT_EQ(h.buckets().front().lower, -0x1p128);
  EXPECT_EQ(h.buckets()[1].lower, 0);
  EXPECT_THROW(h.add(std::numeric_limits<float>::infinity()), std::invalid_argument);
  EXPECT_THROW(h.add(std::nanf("")), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::statistics
