#include "observers/ppq/percentile.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "observers/ppq/fixture.h"

namespace rangefinder::observers::ppq {
namespace {

TEST(PpqPercentile, ReproducesTheAnchors) {
  EXPECT_EQ(scale_bits("percentile", symmetric()), 0x3d5d7d4du);
  EXPECT_EQ(scale_bits("percentile", asymmetric()), 0x3d4c30e5u);
  EXPECT_EQ(solve("percentile", asymmetric(), anchor_batches()).parameters[0].zero_point, 117);
  EXPECT_EQ(scale_bits("percentile", symmetric(), {.percentile = .999}), 0x3ca04756u);
  EXPECT_EQ(scale_bits("percentile", symmetric(), {.percentile = .9995}), 0x3cacf552u);
  EXPECT_EQ(scale_bits("percentile", symmetric(), {.percentile = .99}), 0x3c7245abu);
  EXPECT_EQ(scale_bits("percentile", symmetric(), {.percentile = .5}), 0x37883838u);
}

TEST(PpqPercentile, TheConfigsDetailOverridesTheOption) {
  Config config = symmetric();
  config.detail["percentile"] = .999;
  EXPECT_EQ(scale_bits("percentile", config), 0x3ca04756u);
}

TEST(PpqPercentile, AveragesBatchesOfAnyLength) {
  const std::vector<tensor::Tensor> batches = {
      tensor::Tensor::from_floats({2}, std::vector<float>{-1, 255}),
      tensor::Tensor::from_floats({1}, std::vector<float>{0})};
  EXPECT_EQ(solve("percentile", symmetric(), batches).parameters[0].scale, 1);
  EXPECT_THROW(solve("percentile", per_channel(symmetric(), 0), batches), std::invalid_argument);
}

TEST(TorchMean, AddsInFourLanesAndLevelsOfSixteen) {
  EXPECT_EQ(torch_mean(std::vector<float>{1, 2, 3}), 2);
  // Lanes (1e8 + -1e8) and (1 + 1) are added before they meet: in plain order the first 1 is lost.
  const std::vector<float> values = {1e8f, 1, 0, 0, -1e8f, 1, 0, 0};
  float plain = 0;
  for (const float v : values) plain += v;
  ASSERT_NE(plain / 8, 0.25f) << "the naive form fails here";
  EXPECT_EQ(torch_mean(values), 0.25f);
  EXPECT_EQ(torch_mean(std::vector<float>(1000, 3.25f)), 3.25f);
}

}  // namespace
}  // namespace rangefinder::observers::ppq
