#include "observers/known_bounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "observers/registry.h"

namespace rangefinder::observers {
namespace {

using Config = quantization::TensorQuantizationConfig;

Config asymmetric() { return Config::linear(quantization::Symmetry::kAsymmetric); }

/// An attention: 2^18 shares, most of them tiny, few large.
statistics::TensorStatistics shares() {
  std::vector<float> values(1 << 18);
  for (size_t i = 0; i < values.size(); ++i) {
    const double u = std::fmod(0.6180339887498949 * static_cast<double>(i + 1), 1.0);
    values[i] = static_cast<float>(std::min(0.75, 0.004 * std::sqrt((u + 1e-9) / (1 - u))));
  }
  statistics::TensorStatistics statistics;
  statistics.add(values);
  return statistics;
}

TEST(KnownBounds, NothingSeenIsClipped) {
  const std::vector<statistics::TensorStatistics> channels = {shares()};
  for (const char* method : {"kl", "percentile", "std"}) {
    Solution solution = registry().create(method, asymmetric())->solve({.channels = channels});
    ASSERT_LT(solution.parameters[0].scale * 255, 0.4f) << method << " alone keeps the largest";
    keep_seen(method, {0, 1}, {.channels = channels}, asymmetric(), solution);
    EXPECT_FLOAT_EQ(solution.parameters[0].scale * 255, 0.75f) << "no code for what never was";
    EXPECT_EQ(solution.parameters[0].zero_point, 0);
    EXPECT_EQ(solution.figures.at("known_min"), 0);
    EXPECT_EQ(solution.figures.at("known_max"), 1);
  }
}

TEST(KnownBounds, MethodsThatDoNotClipStayAsTheyAre) {
  const std::vector<statistics::TensorStatistics> channels = {shares()};
  for (const char* method : {"minmax", "isotone", "my-own"}) {
    Solution solution{.parameters = {{0.5f, 3}}};
    keep_seen(method, {0, 1}, {.channels = channels}, asymmetric(), solution);
    EXPECT_EQ(solution.parameters[0], (quantization::AffineParameters{0.5f, 3})) << method;
    EXPECT_TRUE(solution.figures.empty()) << method;
  }
}

TEST(KnownBounds, WhereNothingWasCountedTheMethodStands) {
  Solution solution{.parameters = {{0.5f, 3}}};
  keep_seen("mean-percentile", {0, 1}, {}, asymmetric(), solution);
  EXPECT_EQ(solution.parameters[0], (quantization::AffineParameters{0.5f, 3}));
  EXPECT_TRUE(solution.figures.empty());
}

}  // namespace
}  // namespace rangefinder::observers
