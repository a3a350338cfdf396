#include "search/kl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "samples.h"
#include "search/divergence.h"
#include "search/minmax.h"

namespace rangefinder::search {
namespace {

using quantization::AffineParameters;
using quantization::covered_range;
using quantization::Grid;

constexpr Grid kUint8{0, 255};
constexpr Grid kInt8Symmetric{-128, 127, true};

Sample sample(const std::string& name, size_t size) {
  for (Sample& s : samples(size)) {
    if (s.name == name) return s;
  }
  throw std::invalid_argument(name);
}

TEST(Kl, OfANormalIsSensibleAtAnyBitWidth) {
  const auto normal = observed(sample("normal", 1 << 18).values);
  double previous = 0.9;
  for (const int bits : {2, 3, 4, 5, 6, 7, 8, 12, 16}) {
    const int64_t half = int64_t{1} << (bits - 1);
    for (const bool symmetric : {false, true}) {
      const Grid grid{-half, half - 1, symmetric};
      const auto range = covered_range(*kl(normal, grid), grid);
      const double reach = (range.max - range.min) / 2;
      EXPECT_GT(reach, 0.9 * previous) << bits;
      EXPECT_LT(reach, 4.6) << bits;
      if (symmetric) previous = reach;
    }
  }
  EXPECT_GT(previous, 4.2) << "16 bits have no reason to clip";
}

TEST(Kl, CutsRareHugeOutliersAtEightBits) {
  const auto s = observed(sample("rare huge outliers", 1 << 18).values);
  EXPECT_LT(covered_range(*kl(s, kInt8Symmetric), kInt8Symmetric).max, 10);
  EXPECT_LT(covered_range(*kl(s, kUint8), kUint8).max, 10);
}

TEST(Kl, OneSidedDataKeepsTheZeroPointAtTheEnd) {
  for (const int bits : {2, 4, 8, 16}) {
    const Grid grid{0, (int64_t{1} << bits) - 1};
    Sample s = sample("relu of normal", 20000);
    EXPECT_EQ(kl(observed(s.values), grid)->zero_point, 0);
    for (float& x : s.values) x = -x;
    EXPECT_EQ(kl(observed(s.values), grid)->zero_point, grid.quant_max);
  }
}

TEST(Kl, ZerosChangeNothing) {
  Sample s = sample("Laplace", 20000);
  const auto before = kl(observed(s.values), kUint8);
  s.values.resize(1000000, 0.0f);
  EXPECT_EQ(kl(observed(s.values), kUint8), before);
}

TEST(Kl, PowerOf2IsTheBestOfAllPowersBelowMinMax) {
  for (const Sample& s : samples(20000)) {
    if (s.name == "denormal") continue;
    const auto statistics = observed(s.values);
    for (const bool symmetric : {false, true}) {
      const Grid grid{-8, 7, symmetric, true};
      const auto found = kl(statistics, grid);
      const Divergence divergence(statistics, grid.step_count());
      const auto at = [&](double scale) {
        return symmetric ? divergence(scale, {7, 8}) : divergence.best_split(scale).divergence;
      };
      int exponent = 0;
      ASSERT_EQ(std::frexp(found->scale, &exponent), 0.5f) << s.name;
      const double widest = minmax(statistics, grid)->scale;
      for (int shift = 0; shift < 8; ++shift) {
        ASSERT_LE(at(found->scale), at(std::ldexp(widest, -shift)) + 1e-12) << s.name;
      }
    }
  }
}

TEST(Kl, ConstantsAndSingleValuesAreNotClipped) {
  for (const float x : {1.37f, -1.37f, 3e38f, -2e-30f}) {
    for (const size_t count : {1, 1000}) {
      const auto s = observed(std::vector<float>(count, x));
      EXPECT_EQ(kl(s, kUint8), minmax(s, kUint8)) << x;
      EXPECT_EQ(kl(s, kInt8Symmetric), minmax(s, kInt8Symmetric)) << x;
    }
  }
}

TEST(Kl, NeverGivesAScaleThatIsNotNormal) {
  const float huge = std::numeric_limits<float>::max();
  const float tiny = std::numeric_limits<float>::denorm_min();
  for (const bool symmetric : {false, true}) {
    for (const bool power_of_2 : {false, true}) {
      for (const std::vector<float>& values :
           {std::vector<float>{huge, -huge, 1}, std::vector<float>{tiny, -tiny},
            std::vector<float>{tiny, huge}, std::vector<float>{0, 0}}) {
        const Grid grid{-2, 1, symmetric, power_of_2};
        EXPECT_TRUE(std::isnormal(kl(observed(values), grid)->scale)) << values[0];
      }
    }
  }
}

TEST(Kl, AllZeroHasScaleOneAndNothingHasNothing) {
  EXPECT_EQ(kl(observed({0, 0, 0}), kUint8), (AffineParameters{1, 0}));
  EXPECT_EQ(kl(observed({}), kUint8), std::nullopt);
  EXPECT_EQ(kl(observed({NAN, INFINITY}), kUint8), std::nullopt);
  EXPECT_EQ(kl(observed({NAN, INFINITY, 1, 2}), kUint8), kl(observed({1, 2}), kUint8));
}

TEST(Kl, BadGridsAreRefusedAndVeryWideOnesGetMinMax) {
  EXPECT_THROW(kl(observed({1}), {5, 5}), std::invalid_argument);
  EXPECT_THROW(kl(observed({}), {-1, 0, true}), std::invalid_argument);
  const Grid wide{0, int64_t{1} << 30};
  EXPECT_EQ(kl(observed({-1, 3}), wide), minmax(observed({-1, 3}), wide));
}

}  // namespace
}  // namespace rangefinder::search
