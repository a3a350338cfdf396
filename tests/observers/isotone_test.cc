#include "observers/isotone.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "observers/registry.h"
#include "observers/run.h"
#include "quantization/fake_quantize.h"
#include "support/streams.h"

namespace rangefinder::observers {
namespace {

using Batches = std::vector<tensor::Tensor>;
using Config = quantization::TensorQuantizationConfig;
using quantization::Symmetry;

Solution solve(const Config& config, const Batches& batches,
               const CalibrationOptions& options = {}) {
  const auto observer = registry().create("isotone", config, options);
  return run(*observer, config, batches);
}

// The share of rows along the last axis whose single largest value stays the single largest.
double kept_share(const Batches& batches, Config config, const Solution& solution) {
  config.activate({solution.parameters[0].scale}, {solution.parameters[0].zero_point});
  double rows = 0;
  double kept = 0;
  for (const tensor::Tensor& batch : batches) {
    const auto length = static_cast<size_t>(batch.shape().back());
    const tensor::Tensor restored = quantization::fake_quantize(batch.view(), config);
    for (size_t begin = 0; begin < batch.element_count(); begin += length, ++rows) {
      const auto real = batch.floats().subspan(begin, length);
      const auto after = restored.floats().subspan(begin, length);
      const auto top =
          static_cast<size_t>(std::max_element(real.begin(), real.end()) - real.begin());
      kept += std::count_if(after.begin(), after.end(),
                            [&](float value) { return value >= after[top]; }) == 1;
    }
  }
  return kept / rows;
}

TEST(Isotone, ReportsTheShareOfRowsWhoseOrderReallySurvives) {
  const Batches batches = support::stream_batches("normal", 9, {64, 10}, 3);
  for (const Symmetry symmetry : {Symmetry::kSymmetric, Symmetry::kAsymmetric}) {
    for (const int bits : {3, 4, 8}) {
      const Config config = Config::linear(symmetry, bits);
      const Solution found = solve(config, batches);
      EXPECT_EQ(found.figures.at("row_count"), 192);
      EXPECT_DOUBLE_EQ(found.figures.at("kept_share"), kept_share(batches, config, found));
    }
  }
}

TEST(Isotone, KeepsMoreRowsThanMinmax) {
  const Batches batches = support::stream_batches("spike60", 9, {256, 10}, 3);
  const Config config = Config::linear(Symmetry::kSymmetric, 4);
  const auto minmax = registry().create("minmax", config);
  EXPECT_GT(kept_share(batches, config, solve(config, batches)),
            kept_share(batches, config, run(*minmax, config, batches)));
}

TEST(Isotone, TakesAnyAxisAndUpToFiveValues) {
  const Batches batches = support::stream_batches("normal", 9, {2, 12, 5, 3}, 2);
  const Config config = Config::linear(Symmetry::kAsymmetric, 4);
  double before = 1;
  for (int64_t k = 1; k <= 5; ++k) {
    const Solution found = solve(config, batches, {.axis = 1, .top_count = k});
    EXPECT_EQ(found.figures.at("row_count"), 2 * 2 * 5 * 3);
    EXPECT_LE(found.figures.at("kept_share"), before) << "more values are harder to keep";
    before = found.figures.at("kept_share");
  }
}

TEST(Isotone, WorksWithPowersOfTwo) {
  Config config = Config::linear(Symmetry::kSymmetric);
  config.properties.scale_rule = quantization::ScaleRule::kPowerOf2;
  int exponent = 0;
  const Solution found = solve(config, support::stream_batches("normal", 9, {64, 10}, 3));
  EXPECT_EQ(std::frexp(found.parameters[0].scale, &exponent), 0.5f);
}

TEST(Isotone, WithoutRowsItIsMse) {
  const Config config = Config::linear(Symmetry::kSymmetric);
  const Batches single = support::stream_batches("normal", 9, {40, 1}, 1);
  const auto mse = registry().create("mse", config);
  EXPECT_EQ(solve(config, single).parameters, run(*mse, config, single).parameters);
}

TEST(Isotone, RefusesWhatItCannotServe) {
  Config config = Config::linear(Symmetry::kSymmetric);
  EXPECT_THROW(solve(config, {}, {.top_count = 0}), std::invalid_argument);
  EXPECT_THROW(solve(config, {}, {.top_count = 6}), std::invalid_argument);
  EXPECT_THROW(solve(config, {}), Error);
  EXPECT_THROW(solve(config, support::stream_batches("normal", 9, {4, 4}, 1), {.axis = 2}), Error);
  EXPECT_THROW(solve(Config::floating(quantization::FloatFormat::kE4M3), {}),
               std::invalid_argument);
  config.properties.granularity = quantization::Granularity::kPerChannel;
  config.channel_axis = 1;
  EXPECT_THROW(solve(config, {}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::observers
