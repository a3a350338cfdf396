#include "observers/mean_range.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "observers/registry.h"
#include "observers/run.h"
#include "support/streams.h"

namespace rangefinder::observers {
namespace {

using Batches = std::vector<tensor::Tensor>;
using Config = quantization::TensorQuantizationConfig;

const std::vector<std::string> kMethods = {"mean-minmax", "mean-percentile"};

Config asymmetric() { return Config::linear(quantization::Symmetry::kAsymmetric); }
Config symmetric() { return Config::linear(quantization::Symmetry::kSymmetric); }

Config per_channel(Config config) {
  config.properties.granularity = quantization::Granularity::kPerChannel;
  config.channel_axis = 1;
  return config;
}

Solution solve(const std::string& method, const Config& config, const Batches& batches,
               const CalibrationOptions& options = {}) {
  const auto observer = registry().create(method, config, options);
  return run(*observer, config, batches);
}

Batches batches_of(const std::vector<std::vector<float>>& batches) {
  Batches result;
  for (const auto& values : batches) {
    result.push_back(tensor::Tensor::from_floats({1, static_cast<int64_t>(values.size())}, values));
  }
  return result;
}

TEST(MeanRange, AveragesTheBatchesExtremes) {
  const Batches batches = batches_of({{-1, 155}, {0, 354}});  // means -0.5 and 254.5
  for (const std::string& method : kMethods) {
    const auto found = solve(method, asymmetric(), batches, {.percentile = 1}).parameters[0];
    EXPECT_EQ(found.scale, 1) << method;
    EXPECT_EQ(found.zero_point, 0) << method << ": half to even";
  }
  EXPECT_EQ(solve("mean-minmax", symmetric(), batches_of({{-255}, {0, 1}, {-1, 254}}))
                .parameters[0]
                .scale,
            2 * 170.0f / 255);
}

TEST(MeanRange, WorksPerChannel) {
  const Batches batches = batches_of({{1, -10}, {3, -20}});
  for (const std::string& method : kMethods) {
    const auto found = solve(method, per_channel(symmetric()), batches).parameters;
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].scale, 4.0f / 255) << method;
    EXPECT_EQ(found[1].scale, 30.0f / 255) << method;
  }
}

TEST(MeanRange, OrderOfTheBatchesMakesNoDifference) {
  Batches batches = support::stream_batches("cubed", 4, {3, 50}, 7);
  for (const std::string& method : kMethods) {
    const auto first = solve(method, asymmetric(), batches).parameters;
    std::reverse(batches.begin(), batches.end());
    EXPECT_EQ(solve(method, asymmetric(), batches).parameters, first) << method;
  }
}

TEST(MeanPercentile, MergesAndIgnoresEmptyBatches) {
  const Batches batches = support::stream_batches("cubed", 4, {3, 50}, 3);
  MeanPercentile first(asymmetric(), .99);
  MeanPercentile second(asymmetric(), .99);
  first.observe(batches[0].view());
  first.observe(tensor::Tensor(tensor::ElementType::kFloat32, {0, 50}).view());
  second.observe(batches[1].view());
  second.observe(batches[2].view());
  first.merge(second);
  EXPECT_EQ(first.solve({}).parameters,
            solve("mean-percentile", asymmetric(), batches, {.percentile = .99}).parameters);
  MeanMinMax other(asymmetric());
  EXPECT_THROW(first.merge(other), std::invalid_argument);
}

TEST(MeanRange, RefusesWhatHasNoMean) {
  for (const std::string& method : kMethods) {
    EXPECT_THROW(solve(method, asymmetric(), {}), Error) << method;
    EXPECT_THROW(solve(method, asymmetric(), batches_of({{std::nanf("")}})), Error) << method;
    EXPECT_THROW(solve(method, per_channel(asymmetric()), batches_of({{1, 2}, {1}})), Error)
        << method;
    EXPECT_THROW(solve(method, Config::floating(quantization::FloatFormat::kE4M3), {}),
                 std::invalid_argument)
        << method;
  }
  EXPECT_THROW(solve("mean-percentile", asymmetric(), {}, {.percentile = 2}),
               std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::observers
