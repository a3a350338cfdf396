#include "quantization/fake_quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "quantization/float8.h"

namespace rangefinder::quantization {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using Config = TensorQuantizationConfig;

Config activated(Symmetry symmetry, float scale, int32_t offset, int bits = 8) {
  Config config = Config::linear(symmetry, bits);
  config.activate({scale}, {offset});
  return config;
}

std::vector<float> restored(const Config& config, const std::vector<float>& values) {
  std::vector<float> result(values.size());
  fake_quantize(values, config, 0, result);
  return result;
}

TEST(FakeQuantize, RoundsHalfToEvenAndClamps) {
  const Config config = activated(Symmetry::kSymmetric, 0.5f, 0);
  EXPECT_THAT(restored(config, {0.25f, 0.75f, -0.25f, 1e9f, -1e9f, 0}),
              ElementsAre(0, 1, 0, 63.5f, -64, 0));
}

TEST(FakeQuantize, AddsTheOffsetAfterRounding) {
  const Config config = activated(Symmetry::kAsymmetric, 1, 3);
  // 0.5 rounds to 0 and becomes code 3; rounding 0.5 + 3 = 3.5 would give 4.
  const tensor::Tensor x = tensor::Tensor::from_floats({4}, std::vector<float>{.5f, 1.5f, -9, 300});
  EXPECT_THAT(quantize(x.view(), config), ElementsAre(3, 5, 0, 255));
  EXPECT_THAT(restored(config, {.5f, 1.5f, -9, 300}), ElementsAre(0, 2, -3, 252));
}

TEST(FakeQuantize, NanStaysAndInfinityClamps) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Config config = activated(Symmetry::kAsymmetric, 0.1f, 10);
  const auto y = restored(config, {std::nanf(""), infinity, -infinity});
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], 245 * 0.1f);
  EXPECT_EQ(y[2], -10 * 0.1f);
  const tensor::Tensor x = tensor::Tensor::from_floats({1}, std::vector<float>{std::nanf("")});
  EXPECT_THAT(quantize(x.view(), config), ElementsAre(10));
}

TEST(FakeQuantize, DividesInsteadOfMultiplyingByTheReciprocal) {
  const float scale = 0.0123f;
  const Config config = activated(Symmetry::kSymmetric, scale, 0);
  int differing = 0;
  for (int code = -100; code < 100; ++code) {
    const float x = (static_cast<float>(code) + 0.5f) * scale;
    const float by_division = round(x / scale, Rounding::kHalfEven) * scale;
    const float by_reciprocal = round(x * (1 / scale), Rounding::kHalfEven) * scale;
    EXPECT_EQ(restored(config, {x})[0], by_division);
    differing += by_division != by_reciprocal;
  }
  EXPECT_GT(differing, 0) << "the naive form must be told apart by these values";
}

TEST(FakeQuantize, HonoursTheRounding) {
  Config config = activated(Symmetry::kSymmetric, 1, 0);
  config.rounding = Rounding::kHalfFarFromZero;
  EXPECT_THAT(restored(config, {-2.5f, 2.5f}), ElementsAre(-3, 3));
}

TEST(FakeQuantize, ChannelsAlongAnyAxis) {
  Config config = Config::linear(Symmetry::kSymmetric);
  config.properties.granularity = Granularity::kPerChannel;
  config.channel_axis = 1;
  config.activate({1, 10}, {0, 0});
  const tensor::Tensor x =
      tensor::Tensor::from_floats({2, 2, 2}, std::vector<float>{1, 2, 14, 16, 3, 4, 24, 26});
  EXPECT_THAT(fake_quantize(x.view(), config).floats(), ElementsAre(1, 2, 10, 20, 3, 4, 20, 30));
  config.channel_axis = -1;
  EXPECT_THAT(fake_quantize(x.view(), config).floats(), ElementsAre(1, 0, 14, 20, 3, 0, 24, 30));
  config.activate({1, 1, 1}, {0, 0, 0});
  EXPECT_THROW(fake_quantize(x.view(), config), std::invalid_argument);
}

TEST(FakeQuantize, HoldsWideGrids) {
  const Config config = activated(Symmetry::kSymmetric, 1, 0, 32);
  const tensor::Tensor x = tensor::Tensor::from_floats({2}, std::vector<float>{-3e9f, 1e9f});
  EXPECT_THAT(quantize(x.view(), config), ElementsAre(-2147483648LL, 1000000000LL));
}

TEST(FakeQuantize, FloatingCastsTheScaledValue) {
  Config config = Config::floating(FloatFormat::kE4M3);
  config.activate({0.5f}, {0});
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 100);
  std::vector<float> values(100);
  std::vector<float> expected(100);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = normal(random);
    expected[i] = to_float8_value(values[i] / 0.5f, FloatFormat::kE4M3) * 0.5f;
  }
  EXPECT_THAT(restored(config, values), ElementsAreArray(expected));
  const tensor::Tensor x = tensor::Tensor::from_floats({1}, std::vector<float>{1});
  EXPECT_THROW(quantize(x.view(), config), std::invalid_argument);
}

TEST(FakeQuantize, WorksInPlaceAndOnNothing) {
  const Config config = activated(Symmetry::kSymmetric, 1, 0);
  std::vector<float> values = {0.4f, 1.6f};
  fake_quantize(values, config, 0, values);
  EXPECT_THAT(values, ElementsAre(0, 2));
  EXPECT_TRUE(restored(config, {}).empty());
  EXPECT_EQ(fake_quantize(tensor::Tensor::from_floats({0, 3}, {}).view(), config).element_count(),
            0u);
}

TEST(FakeQuantize, RefusesMissingParametersAndWrongLengths) {
  std::vector<float> one(1);
  std::vector<float> two(2);
  EXPECT_THROW(fake_quantize(one, Config::linear(Symmetry::kSymmetric), 0, one),
               std::invalid_argument);
  EXPECT_THROW(fake_quantize(one, activated(Symmetry::kSymmetric, 1, 0), 0, two),
               std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::quantization
