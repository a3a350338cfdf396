#include "search/float8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "quantization/affine.h"
#include "quantization/float8.h"
#include "samples.h"

namespace rangefinder::search {
namespace {

using quantization::FloatFormat;

double raw_error(const std::vector<float>& values, float scale, FloatFormat format) {
  double sum = 0;
  for (const float x : values) {
    const double restored =
        static_cast<double>(quantization::to_float8_value(x / scale, format)) * scale;
    sum += (x - restored) * (x - restored);
  }
  return sum;
}

class Float8 : public testing::TestWithParam<FloatFormat> {};

TEST_P(Float8, MseIsCloseToTheBestFoundByBruteForce) {
  for (const Sample& sample : samples(1 << 13)) {
    if (sample.name == "denormal") continue;
    const auto statistics = observed(sample.values);
    const float widest = *float8_minmax(statistics, {GetParam()});
    double least = std::numeric_limits<double>::infinity();
    for (int i = -64; i < 64 * 5; ++i) {
      const auto scale = static_cast<float>(widest * std::exp2(-i / 64.0));
      least = std::min(least, raw_error(sample.values, scale, GetParam()));
    }
    const bool few_decide = sample.name == "rare huge outliers" || sample.name == "log-normal" ||
                            sample.name == "Student t3";
    const float found = *float8_mse(statistics, {GetParam()});
    EXPECT_LE(raw_error(sample.values, found, GetParam()),
              least * (few_decide ? 1.05 : 1.01) + 1e-9)
        << sample.name;
  }
}

TEST_P(Float8, PowerOf2IsTheBestOfAllPowers) {
  for (const Sample& sample : samples(1 << 12)) {
    if (sample.name == "denormal" || sample.name == "rare huge outliers") continue;
    const auto statistics = observed(sample.values);
    const float found = *float8_mse(statistics, {GetParam(), true});
    int exponent = 0;
    ASSERT_EQ(std::frexp(found, &exponent), 0.5f) << sample.name;
    for (int shift = -3; shift <= 3; ++shift) {
      EXPECT_LE(raw_error(sample.values, found, GetParam()),
                1.01 * raw_error(sample.values, std::ldexp(found, shift), GetParam()))
          << sample.name << ' ' << shift;
    }
  }
}

TEST_P(Float8, MinMaxPutsTheLargestMagnitudeOnTheLargestValue) {
  const float max = quantization::float8_max(GetParam());
  EXPECT_EQ(float8_minmax(observed({1, -3 * max}), {GetParam()}), 3.0f);
  EXPECT_EQ(float8_minmax(observed({1, -3 * max}), {GetParam(), true}), 4.0f);
}

TEST_P(Float8, OddInput) {
  const Float8Grid grid{GetParam()};
  EXPECT_EQ(float8_minmax(observed({}), grid), std::nullopt);
  EXPECT_EQ(float8_mse(observed({NAN, INFINITY}), grid), std::nullopt);
  EXPECT_EQ(float8_minmax(observed({0, 0}), grid), 1.0f);
  EXPECT_EQ(float8_mse(observed({0, 0}), grid), 1.0f);
  for (const float x : {3e38f, 1.37f, 1e-45f}) {
    EXPECT_TRUE(std::isnormal(*float8_mse(observed({x}), grid))) << x;
    EXPECT_TRUE(std::isnormal(*float8_minmax(observed({x}), grid))) << x;
  }
  EXPECT_EQ(float8_mse(observed({NAN, 1, 2}), grid), float8_mse(observed({1, 2}), grid));
}

TEST_P(Float8, ConstantsAreRestoredExactly) {
  const std::vector<float> values(100, 1.37f);
  EXPECT_LE(raw_error(values, *float8_mse(observed(values), {GetParam()}), GetParam()), 1e-10);
}

INSTANTIATE_TEST_SUITE_P(Formats, Float8, testing::Values(FloatFormat::kE4M3, FloatFormat::kE5M2));

}  // namespace
}  // namespace rangefinder::search
