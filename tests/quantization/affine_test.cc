#include "quantization/affine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace rangefinder::quantization {
namespace {

constexpr Grid kUint8{0, 255};
constexpr Grid kInt8{-128, 127};
constexpr Grid kInt8Symmetric{-128, 127, true};

/// What a runtime restores: round half to even, then clip.
double restored(double x, AffineParameters p, const Grid& grid) {
  const double code = std::nearbyint(x / p.scale) + p.zero_point;
  const double clipped = std::fmin(std::fmax(code, static_cast<double>(grid.quant_min)),
                                   static_cast<double>(grid.quant_max));
  return (clipped - p.zero_point) * p.scale;
}

TEST(AffineFromRange, AsymmetricAccountsForQuantMin) {
  EXPECT_EQ(affine_from_range({-1, 3}, kUint8), (AffineParameters{4.0f / 255, 64}));
  EXPECT_EQ(affine_from_range({-1, 3}, kInt8), (AffineParameters{4.0f / 255, -64}));
}

TEST(AffineFromRange, RangesAreWidenedToZero) {
  EXPECT_EQ(affine_from_range({2, 3}, kUint8), (AffineParameters{3.0f / 255, 0}));
  EXPECT_EQ(affine_from_range({2, 3}, kInt8), (AffineParameters{3.0f / 255, -128}));
  EXPECT_EQ(affine_from_range({-3, -2}, kUint8), (AffineParameters{3.0f / 255, 255}));
  EXPECT_EQ(affine_from_range({-3, -2}, kInt8), (AffineParameters{3.0f / 255, 127}));
}

TEST(AffineFromRange, SymmetricSpansBothSidesFromTheFixedZeroPoint) {
  EXPECT_EQ(affine_from_range({-1, 3}, kInt8Symmetric), (AffineParameters{6.0f / 255, 0}));
  EXPECT_EQ(affine_from_range({-1, 3}, {-127, 127, true}), (AffineParameters{6.0f / 254, 0}));
  EXPECT_EQ(affine_from_range({-1, 3}, {0, 255, true}), (AffineParameters{6.0f / 255, 128}));
  EXPECT_EQ(affine_from_range({-1, 3}, {0, 254, true}), (AffineParameters{6.0f / 254, 127}));
}

TEST(AffineFromRange, PowerOf2TakesTheZeroPointFromTheRoundedScale) {
  Grid grid = kUint8;
  grid.power_of_2 = true;
  // Step 4 / 255 becomes 1 / 32; the zero point of the unrounded step would be 64.
  EXPECT_EQ(affine_from_range({-1, 3}, grid), (AffineParameters{0x1p-5f, 32}));
  EXPECT_EQ(affine_from_range({0, 255 * 0.25}, grid), (AffineParameters{0.25f, 0}));
}

TEST(AffineFromRange, EveryValueOfTheRangeIsRestoredWithinOneStep) {
  for (const int bits : {2, 3, 4, 8, 16}) {
    for (const bool symmetric : {false, true}) {
      for (const bool power_of_2 : {false, true}) {
        const int64_t half = int64_t{1} << (bits - 1);
        const Grid grid{-half, half - 1, symmetric, power_of_2};
        for (const Range range : {Range{-1, 3}, Range{-0.01, 7}, Range{-5, 0.3}, Range{0, 2}}) {
          const AffineParameters p = affine_from_range(range, grid);
          ASSERT_GE(p.zero_point, grid.quant_min);
          ASSERT_LE(p.zero_point, grid.quant_max);
          for (int i = 0; i <= 1000; ++i) {
            const double x = range.min + (range.max - range.min) * i / 1000;
            const double limit = symmetric ? 0.5001 : 1.0001;
            ASSERT_LE(std::abs(restored(x, p, grid) - x), limit * p.scale) << bits << ' ' << x;
          }
        }
      }
    }
  }
}

TEST(AffineFromRange, AllZeroHasScaleOne) {
  EXPECT_EQ(affine_from_range({0, 0}, kUint8), (AffineParameters{1, 0}));
  EXPECT_EQ(affine_from_range({0, 0}, kInt8), (AffineParameters{1, -128}));
  EXPECT_EQ(affine_from_range({0, 0}, kInt8Symmetric), (AffineParameters{1, 0}));
}

TEST(AffineFromRange, ScalesStayNormalAndFinite) {
  const double tiny = std::numeric_limits<float>::denorm_min();
  const double huge = std::numeric_limits<float>::max();
  for (const bool symmetric : {false, true}) {
    for (const bool power_of_2 : {false, true}) {
      const Grid two_bits{-2, 1, symmetric, power_of_2};
      const float small = affine_from_range({-tiny, tiny}, two_bits).scale;
      const float large = affine_from_range({-huge, huge}, two_bits).scale;
      EXPECT_EQ(small, std::numeric_limits<float>::min());
      EXPECT_TRUE(std::isnormal(large)) << large;
      EXPECT_GT(large, huge / 4);
    }
  }
  EXPECT_TRUE(std::isfinite(affine_from_range({-huge, huge}, {0, 1}).scale));
}

TEST(AffineFromRange, MisuseIsRefused) {
  const double nan = std::nan("");
  EXPECT_THROW(affine_from_range({nan, 1}, kUint8), std::invalid_argument);
  EXPECT_THROW(affine_from_range({0, INFINITY}, kUint8), std::invalid_argument);
  EXPECT_THROW(affine_from_range({2, 1}, kUint8), std::invalid_argument);
  EXPECT_THROW(affine_from_range({0, 1}, {255, 0}), std::invalid_argument);
  EXPECT_THROW(affine_from_range({0, 1}, {7, 7}), std::invalid_argument);
  EXPECT_THROW(affine_from_range({0, 1}, {0, int64_t{1} << 32}), std::invalid_argument);
  EXPECT_THROW(affine_from_range({0, 1}, {-1, 0, true}), std::invalid_argument);
  EXPECT_THROW(affine_from_range({0, 1}, {-10, -5, true}), std::invalid_argument);
  EXPECT_THROW(representable_scale(nan), std::invalid_argument);
  EXPECT_THROW(representable_scale(-1), std::invalid_argument);
}

TEST(RepresentableScale, RoundsToFloatOrUpToAPowerOfTwo) {
  EXPECT_EQ(representable_scale(0.1), 0.1f);
  EXPECT_EQ(representable_scale(0.125, true), 0.125f);
  EXPECT_EQ(representable_scale(std::nextafter(0.125, 1.0), true), 0.25f);
  EXPECT_EQ(representable_scale(0), std::numeric_limits<float>::min());
}

TEST(CoveredRange, IsTheRealValueOfTheOutermostCodes) {
  EXPECT_EQ(covered_range({0.5f, 2}, {0, 15}), (Range{-1, 6.5}));
}

}  // namespace
}  // namespace rangefinder::quantization
