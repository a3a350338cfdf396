#include "quantization/float8.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rangefinder::quantization {
namespace {

constexpr FloatFormat kFormats[] = {FloatFormat::kE4M3, FloatFormat::kE5M2};

TEST(Float8, EveryCodeSurvivesTheRoundTrip) {
  for (const FloatFormat format : kFormats) {
    for (int code = 0; code < 256; ++code) {
      const float value = from_float8_code(static_cast<uint8_t>(code), format);
      if (!std::isfinite(value)) continue;
      EXPECT_EQ(to_float8_code(value, format), code);
      EXPECT_EQ(to_float8_value(value, format), value);
    }
  }
}

TEST(Float8, KnowsThePublishedConstants) {
  EXPECT_EQ(from_float8_code(0x7e, FloatFormat::kE4M3), 448.0f);
  EXPECT_EQ(from_float8_code(0x01, FloatFormat::kE4M3), 0x1p-9f);
  EXPECT_EQ(from_float8_code(0x08, FloatFormat::kE4M3), 0x1p-6f);
  EXPECT_TRUE(std::isnan(from_float8_code(0x7f, FloatFormat::kE4M3)));
  EXPECT_EQ(from_float8_code(0x7b, FloatFormat::kE5M2), 57344.0f);
  EXPECT_EQ(from_float8_code(0x01, FloatFormat::kE5M2), 0x1p-16f);
  EXPECT_EQ(from_float8_code(0xfc, FloatFormat::kE5M2), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(from_float8_code(0x7d, FloatFormat::kE5M2)));
}

// Every pair of neighbouring codes: below, at and above the middle between them.
TEST(Float8, RoundsToNearestAndTiesToTheEvenCode) {
  for (const FloatFormat format : kFormats) {
    const int largest = to_float8_code(float8_max(format), format);
    for (int code = 0; code < largest; ++code) {
      const float low = from_float8_code(static_cast<uint8_t>(code), format);
      const float high = from_float8_code(static_cast<uint8_t>(code + 1), format);
      const float middle = (low + high) / 2;
      EXPECT_EQ(to_float8_value(std::nextafter(middle, low), format), low);
      EXPECT_EQ(to_float8_value(std::nextafter(middle, high), format), high);
      EXPECT_EQ(to_float8_value(middle, format), code % 2 == 0 ? low : high);
      EXPECT_EQ(to_float8_value(-middle, format), code % 2 == 0 ? -low : -high);
    }
  }
}

TEST(Float8, SaturatesAndKeepsNan) {
  for (const FloatFormat format : kFormats) {
    const float infinity = std::numeric_limits<float>::infinity();
    EXPECT_EQ(to_float8_value(infinity, format), float8_max(format));
    EXPECT_EQ(to_float8_value(-1e30f, format), -float8_max(format));
    EXPECT_TRUE(std::isnan(to_float8_value(std::nanf(""), format)));
    EXPECT_TRUE(std::isnan(from_float8_code(to_float8_code(std::nanf(""), format), format)));
    EXPECT_EQ(to_float8_value(1e-30f, format), 0.0f);
    EXPECT_EQ(to_float8_code(-0.0f, format), 0x80);
  }
}

}  // namespace
}  // namespace rangefinder::quantization
