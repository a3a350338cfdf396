#include "observers/guard.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "observers/registry.h"
#include "quantization/fake_quantize.h"
#include "search/minmax.h"
#include "search/mse.h"

namespace rangefinder::observers {
namespace {

using quantization::AffineParameters;
using Config = quantization::TensorQuantizationConfig;

Config asymmetric() { return Config::linear(quantization::Symmetry::kAsymmetric); }

statistics::TensorStatistics counts(const std::vector<float>& values) {
  statistics::TensorStatistics statistics;
  statistics.add(values);
  return statistics;
}

/// Sum of squared errors on the values themselves.
double raw_error(const std::vector<float>& values, AffineParameters parameters) {
  Config config = asymmetric();
  config.activate({parameters.scale}, {parameters.zero_point});
  std::vector<float> restored(values.size());
  quantization::fake_quantize(values, config, 0, restored);
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) sum += std::pow(double{values[i]} - restored[i], 2);
  return sum;
}

/// As a LayerNorm of a trained network makes them: a bell, and `share` of the values in one
/// direction far out.
std::vector<float> with_outliers(double share, float size) {
  std::vector<float> values;
  const auto count = static_cast<size_t>(1 << 16);
  const auto period = static_cast<size_t>(1 / share);
  for (size_t i = 0; i < count; ++i) {
    const double u = std::fmod(0.6180339887498949 * static_cast<double>(i + 1), 1.0);
    const double x = std::log((u + 1e-9) / (1 - u + 1e-9)) / 2;  // logistic
    values.push_back(i % period == 0 ? size : static_cast<float>(x));
  }
  return values;
}

Solution solved(const std::string& method, const statistics::TensorStatistics& statistics) {
  const std::vector<statistics::TensorStatistics> channels = {statistics};
  return registry().create(method, asymmetric())->solve({.channels = channels});
}

TEST(Guard, KeepsHeavyTailsWithinTheFactorOfTheBest) {
  for (const std::string method : {"kl", "percentile"}) {
    size_t refused_count = 0;
    for (const double share : {1e-5, 1e-4, 5e-4, 1e-3, 1e-2}) {
      const auto values = with_outliers(share, 60);
      const auto statistics = counts(values);
      const auto& grid = grid_of(asymmetric());
      const double best = std::min(raw_error(values, *search::mse(statistics, grid)),
                                   raw_error(values, *search::minmax(statistics, grid)));
      Solution solution = solved(method, statistics);
      if (raw_error(values, solution.parameters[0]) > kGuardFactor * best) ++refused_count;
      const std::vector<statistics::TensorStatistics> channels = {statistics};
      guard(method, {.channels = channels}, asymmetric(), solution);
      // Counts tell the error of 2^16 values within two percent.
      EXPECT_LE(raw_error(values, solution.parameters[0]), kGuardFactor * 1.02 * best)
          << method << " " << share;
    }
    EXPECT_GT(refused_count, 0u) << method << " alone would do";
  }
}

TEST(Guard, LeavesWhatLosesLittle) {
  std::vector<float> bell(1 << 16);
  for (size_t i = 0; i < bell.size(); ++i) {
    bell[i] = static_cast<float>(std::sin(0.7 * static_cast<double>(i)));
  }
  const std::vector<statistics::TensorStatistics> channels = {counts(bell)};
  for (const std::string method : {"kl", "percentile"}) {
    Solution solution = solved(method, channels[0]);
    const auto before = solution.parameters;
    guard(method, {.channels = channels}, asymmetric(), solution);
    EXPECT_EQ(solution.parameters, before) << method;
    EXPECT_TRUE(solution.figures.empty()) << method;
  }
}

TEST(Guard, TakesTheBestAndTellsHowMuchWasAtStake) {
  const auto values = with_outliers(1e-3, 60);
  const auto statistics = counts(values);
  const auto grid = grid_of(asymmetric());
  const AffineParameters clipped = {0.01f, 128};
  const auto better = guard(statistics, grid, clipped);
  ASSERT_TRUE(better);
  EXPECT_EQ(better->parameters, search::mse(statistics, grid));
  const double ratio = raw_error(values, clipped) / raw_error(values, better->parameters);
  EXPECT_NEAR(better->ratio / ratio, 1, 0.02);
  EXPECT_FALSE(guard(statistics, grid, clipped, 2 * ratio)) << "within the factor";
  EXPECT_FALSE(guard({}, grid, clipped)) << "nothing was seen";
}

TEST(Guard, AlsoRefusesWhatIsTooWide) {
  std::vector<float> small(4096);
  for (size_t i = 0; i < small.size(); ++i) small[i] = 1e-3f * static_cast<float>(i % 1000);
  const auto better = guard(counts(small), grid_of(asymmetric()), {1, 0});
  ASSERT_TRUE(better);
  EXPECT_LT(better->parameters.scale, 0.01f);
}

TEST(Guard, MindsChannelsOneByOne) {
  std::vector<float> ramp(1 << 14);
  for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = 255 * static_cast<float>(i) / 16383;
  const std::vector<statistics::TensorStatistics> channels = {counts(ramp),
                                                              counts(with_outliers(1e-3, 60))};
  Config config = asymmetric();
  config.properties.granularity = quantization::Granularity::kPerChannel;
  config.channel_axis = 1;
  Solution solution{.parameters = {{1, 0}, {0.01f, 128}}};
  guard("kl", {.channels = channels}, config, solution);
  EXPECT_EQ(solution.parameters[0], (AffineParameters{1, 0}));
  EXPECT_EQ(solution.parameters[1], search::mse(channels[1], grid_of(config)));
  EXPECT_GT(solution.figures.at("guard_ratio"), kGuardFactor);
}

TEST(Guard, OtherMethodsAnswerForThemselves) {
  const std::vector<statistics::TensorStatistics> channels = {counts(with_outliers(1e-3, 60))};
  for (const char* method : {"minmax", "mse", "std", "isotone", "mean-percentile", "my-own"}) {
    EXPECT_FALSE(is_guarded(method));
    Solution solution{.parameters = {{0.01f, 128}}};
    guard(method, {.channels = channels}, asymmetric(), solution);
    EXPECT_EQ(solution.parameters[0], (AffineParameters{0.01f, 128})) << method;
  }
}

}  // namespace
}  // namespace rangefinder::observers
