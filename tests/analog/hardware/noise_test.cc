#include "analog/hardware/noise.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rangefinder::analog {
namespace {

TEST(NormalSource, HasMeanZeroAndDeviationOne) {
  NormalSource source(7);
  double sum = 0.0;
  double squares = 0.0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    const double x = source.next();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kCount, 0.0, 0.015);
  EXPECT_NEAR(squares / kCount, 1.0, 0.02);
}

TEST(NormalSource, FollowsItsSeed) {
  NormalSource a(1);
  NormalSource b(1);
  NormalSource c(2);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
}

TileWeights tile() {
  TileWeights result{{0, 500}, std::vector<float>(1000, 0.0f), {0.5f, 2.0f}, 2.0f};
  return result;
}

double deviation(std::span<const float> values) {
  double squares = 0.0;
  for (const float value : values) squares += static_cast<double>(value) * value;
  return std::sqrt(squares / static_cast<double>(values.size()));
}

TEST(WeightNoise, IsRelativeToTheLargestWeight) {
  TileWeights whole = tile();
  NormalSource source(3);
  add_weight_noise(whole, {.noise_type = WeightNoise::kAddNormal, .std_dev = 0.1}, source);
  EXPECT_NEAR(deviation(whole.programmed), 0.2, 0.02);
  TileWeights rows = tile();
  add_weight_noise(rows, {.noise_type = WeightNoise::kAddNormalPerChannel, .std_dev = 0.1}, source);
  EXPECT_NEAR(deviation(std::span(rows.programmed).first(500)), 0.05, 0.006);
  EXPECT_NEAR(deviation(std::span(rows.programmed).last(500)), 0.2, 0.024);
}

TEST(WeightNoise, OfNoneIsNone) {
  TileWeights weights = tile();
  NormalSource source(3);
  add_weight_noise(weights, {.std_dev = 0.1}, source);
  EXPECT_EQ(weights.programmed, tile().programmed);
}

TEST(OutputNoise, IsSharedByTheTiles) {
  ForwardParameters forward{.out_noise = 0.1};
  EXPECT_FLOAT_EQ(output_noise_deviation(tile(), 0, forward, 3.0f, 4), 0.1f * 3 * 2 / 2);
  forward.out_noise_per_channel = true;
  EXPECT_FLOAT_EQ(output_noise_deviation(tile(), 0, forward, 3.0f, 4), 0.1f * 3 * 0.5f / 2);
}

}  // namespace
}  // namespace rangefinder::analog
