#include "tensor/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace rangefinder::tensor {
namespace {

TEST(Half, EveryFiniteFloat16RoundTrips) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    if ((bits & 0x7C00) == 0x7C00 && (bits & 0x3FF) != 0) continue;  // NaN
    EXPECT_EQ(float_to_float16(float16_to_float(static_cast<uint16_t>(bits))), bits);
  }
}

TEST(Half, RoundsTiesToEvenAndOverflowsToInfinity) {
  EXPECT_EQ(float_to_float16(1.0f + 0x1p-11f), 0x3C00);
  EXPECT_EQ(float_to_float16(1.0f + 3 * 0x1p-11f), 0x3C02);
  EXPECT_EQ(float_to_float16(65519.0f), 0x7BFF);
  EXPECT_EQ(float_to_float16(65520.0f), 0x7C00);
  EXPECT_EQ(float_to_float16(-std::numeric_limits<float>::infinity()), 0xFC00);
  EXPECT_TRUE(std::isnan(float16_to_float(float_to_float16(std::nanf("")))));
  EXPECT_EQ(float_to_float16(0x1p-25f), 0);
  EXPECT_EQ(float_to_float16(0x1.8p-25f), 1);
}

TEST(Half, Bfloat16IsTheUpperHalfOfFloat32) {
  EXPECT_EQ(bfloat16_to_float(0x3F80), 1.0f);
  EXPECT_EQ(bfloat16_to_float(0xC000), -2.0f);
}

TEST(Half, EveryBfloat16RoundTrips) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = bfloat16_to_float(static_cast<uint16_t>(bits));
    const uint16_t back = float_to_bfloat16(value);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(bfloat16_to_float(back))) << bits;
    } else {
      EXPECT_EQ(back, bits);
    }
  }
}

TEST(Half, RoundsToBfloat16WithTiesToEven) {
  EXPECT_EQ(float_to_bfloat16(1.0f + 0x1p-8f), 0x3F80);
  EXPECT_EQ(float_to_bfloat16(1.0f + 3 * 0x1p-8f), 0x3F82);
  EXPECT_EQ(float_to_bfloat16(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_EQ(float_to_bfloat16(-std::numeric_limits<float>::infinity()), 0xFF80);
  const float low_payload = std::bit_cast<float>(0x7F800001u);
  EXPECT_TRUE(std::isnan(bfloat16_to_float(float_to_bfloat16(low_payload))));
}

}  // namespace
}  // namespace rangefinder::tensor
