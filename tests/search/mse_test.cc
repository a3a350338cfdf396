#include "search/mse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "raw_quantizer.h"
#include "samples.h"

namespace rangefinder::search {
namespace {

using quantization::AffineParameters;
using quantization::Grid;
using testing::DoubleNear;

constexpr Grid kUint8{0, 255};
constexpr Grid kInt8Symmetric{-128, 127, true};

TEST(SquaredError, EqualsTheQuantizersOwnOnOneAndTwoValues) {
  for (const std::vector<float>& values :
       {std::vector<float>{1.37f}, std::vector<float>{0.3f, -1.7f}}) {
    const SquaredError error(*density_of(observed(values)));
    for (int i = 0; i < 500; ++i) {
      const auto scale = static_cast<float>(2 * std::exp2(-i / 40.0));
      for (const int zero_point : {0, 1, 7, 15}) {
        const double raw = raw_mean_squared_error(values, {0, 15}, {scale, zero_point});
        const double closed = error(scale, {15 - zero_point, zero_point});
        ASSERT_THAT(closed, DoubleNear(raw * static_cast<double>(values.size()), 1e-6));
        ASSERT_EQ(error({scale, zero_point}, Grid{0, 15}), closed);
      }
    }
  }
}

TEST(SquaredError, IsThatOfTheRawDataUpToTheBuckets) {
  const AffineParameters p{0.03f, 126};
  for (const Sample& sample : samples(1 << 17)) {
    const double raw = raw_mean_squared_error(sample.values, kUint8, p);
    const double counted = *mean_squared_error(observed(sample.values), kUint8, p);
    if (sample.name == "constant") continue;  // One point: exact, but for float32 in the quantizer.
    EXPECT_THAT(counted / raw, DoubleNear(1, 0.02)) << sample.name;
  }
}

TEST(SquaredError, TheBestSplitIsTheBestOfAll) {
  for (const Sample& sample : samples(3000)) {
    const SquaredError error(*density_of(observed(sample.values)));
    for (const int64_t steps : {1, 3, 15, 255}) {
      for (int i = 0; i < 24; ++i) {
        const double scale = error.extent() * std::exp2(-i / 2.0);
        const double found = error(scale, error.best_split(scale, steps));
        for (int64_t below = 0; below <= steps; ++below) {
          const double other = error(scale, {steps - below, below});
          ASSERT_LE(found, other * (1 + 1e-9) + 1e-12 * error.square_sum()) << sample.name;
        }
      }
    }
  }
}

TEST(SquaredError, ClippingIsAPartOfItThatGrowsAsTheScaleShrinks) {
  for (const Sample& sample : samples(3000)) {
    const SquaredError error(*density_of(observed(sample.values)));
    double previous = 0;
    for (int i = 0; i < 100; ++i) {
      const double scale = error.extent() * std::exp2(-i / 8.0);
      const double clipped = error.clipped(scale, {100, 155});
      ASSERT_LE(clipped, error(scale, {100, 155}) + 1e-12 * error.square_sum()) << sample.name;
      ASSERT_GE(clipped, previous) << sample.name;
      previous = clipped;
    }
  }
}

TEST(SquaredError, NoSplitClipsLessThanTheLeast) {
  for (const Sample& sample : samples(3000)) {
    const SquaredError error(*density_of(observed(sample.values)));
    double previous = 0;
    for (const int64_t steps : {1, 3, 15, 255}) {
      for (int i = 0; i < 24; ++i) {
        const double scale = error.extent() * std::exp2(-i / 2.0);
        double least = error.clipped(scale, {steps, 0});
        for (int64_t below = 1; below <= steps; ++below) {
          least = std::min(least, error.clipped(scale, {steps - below, below}));
        }
        const double found = error.least_clipped(scale, steps);
        ASSERT_THAT(found, DoubleNear(least, 1e-12 * error.square_sum())) << sample.name;
        ASSERT_GE(found, i == 0 ? 0 : previous) << sample.name;
        previous = found;
      }
    }
  }
}

TEST(Mse, OneSidedDataKeepsTheZeroPointAtTheEnd) {
  const auto positive = observed({0, 0.5f, 1.5f, 2.5f, 0.1f});
  EXPECT_EQ(mse(positive, kUint8)->zero_point, 0);
  EXPECT_EQ(mse(positive, {-128, 127})->zero_point, -128);
  const auto negative = observed({0, -0.5f, -1.5f, -2.5f, -0.1f});
  EXPECT_EQ(mse(negative, kUint8)->zero_point, 255);
  EXPECT_EQ(mse(negative, {-128, 127})->zero_point, 127);
}

TEST(Mse, ConstantsAndSingleValuesAreRestoredExactly) {
  for (const float x : {1.37f, -1.37f, 3e38f, -2e-30f}) {
    for (const Grid& grid : {kUint8, kInt8Symmetric, Grid{-8, 7, true}, Grid{0, 65535}}) {
      for (const size_t count : {1, 1000}) {
        const std::vector<float> values(count, x);
        const auto p = mse(observed(values), grid);
        const double error = raw_mean_squared_error(values, grid, *p);
        EXPECT_LE(std::sqrt(error), 1e-6 * std::abs(x)) << x;
        EXPECT_LE(p->scale, std::abs(x)) << x;
      }
    }
  }
}

TEST(Mse, NeverGivesAScaleThatIsNotNormal) {
  const float huge = std::numeric_limits<float>::max();
  const float tiny = std::numeric_limits<float>::denorm_min();
  for (const bool symmetric : {false, true}) {
    for (const bool power_of_2 : {false, true}) {
      for (const std::vector<float>& values :
           {std::vector<float>{huge, -huge, 1}, std::vector<float>{tiny, -tiny},
            std::vector<float>{tiny, huge}, std::vector<float>{0, 0}}) {
        const Grid grid{-2, 1, symmetric, power_of_2};
        EXPECT_TRUE(std::isnormal(mse(observed(values), grid)->scale)) << values[0];
      }
    }
  }
}

TEST(Mse, PowerOf2IsTheBestOfAllPowersAndZeroPoints) {
  for (const Sample& sample : samples(20000)) {
    const auto statistics = observed(sample.values);
    for (const bool symmetric : {false, true}) {
      const Grid grid{-8, 7, symmetric, true};
      const auto found = mse(statistics, grid);
      int exponent = 0;
      ASSERT_EQ(std::frexp(found->scale, &exponent), 0.5f) << sample.name;
      const double error = *mean_squared_error(statistics, grid, *found);
      for (int shift = -6; shift <= 6; ++shift) {
        const float scale = std::ldexp(found->scale, shift);
        if (!std::isnormal(scale)) continue;
        for (int zero_point = symmetric ? 0 : -8; zero_point <= (symmetric ? 0 : 7); ++zero_point) {
          const double other = *mean_squared_error(statistics, grid, {scale, zero_point});
          ASSERT_LE(error, other * (1 + 1e-9) + 1e-30) << sample.name << ' ' << shift;
        }
      }
    }
  }
}

TEST(Mse, AllZeroHasScaleOneAndNothingHasNothing) {
  EXPECT_EQ(mse(observed({0, 0, 0}), kUint8), (AffineParameters{1, 0}));
  EXPECT_EQ(mse(observed({0}), kInt8Symmetric), (AffineParameters{1, 0}));
  EXPECT_EQ(mse(observed({}), kUint8), std::nullopt);
  EXPECT_EQ(mse(observed({NAN, INFINITY}), kUint8), std::nullopt);
  EXPECT_EQ(mean_squared_error(observed({}), kUint8, {1, 0}), std::nullopt);
}

TEST(Mse, LeavesOutWhatIsNotFinite) {
  EXPECT_EQ(mse(observed({NAN, INFINITY, -INFINITY, 1, 2, 3}), kUint8),
            mse(observed({1, 2, 3}), kUint8));
}

TEST(Mse, UnsignedSymmetricGridsUseTheMiddleCode) {
  const auto s = observed({-1, -0.5f, 0.25f, 1});
  const auto p = mse(s, {0, 255, true});
  EXPECT_EQ(p->zero_point, 128);
  EXPECT_EQ(p->scale, mse(s, kInt8Symmetric)->scale);
}

TEST(Mse, BadGridsAreRefused) {
  EXPECT_THROW(mse(observed({1}), {5, 5}), std::invalid_argument);
  EXPECT_THROW(mse(observed({}), {-1, 0, true}), std::invalid_argument);
}

TEST(Mse, BeyondTwentyBitsItIsMinMax) {
  const auto s = observed({-1, 3});
  const Grid grid{-(int64_t{1} << 31), (int64_t{1} << 31) - 1};
  EXPECT_EQ(mse(s, grid), quantization::affine_from_range({-1, 3}, grid));
}

}  // namespace
}  // namespace rangefinder::search
