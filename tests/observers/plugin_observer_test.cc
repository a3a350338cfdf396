#include "observers/plugin_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "observers/plugin.h"
#include "observers/run.h"
#include "quantization/error_metrics.h"
#include "quantization/fake_quantize.h"
#include "support/streams.h"

namespace rangefinder::observers {
namespace {

using testing::HasSubstr;
using Config = quantization::TensorQuantizationConfig;

const Config kSymmetric = Config::linear(quantization::Symmetry::kSymmetric);

Registry& plugins() {
  static Registry& all = *[] {
    auto* created = new Registry;
    load_plugin(EXAMPLE_PLUGIN, *created);
    load_plugin(MISBEHAVING_PLUGIN, *created);
    return created;
  }();
  return all;
}

Solution solve(const std::string& method, const Config& config,
               const std::vector<tensor::Tensor>& batches) {
  const auto observer = plugins().create(method, config);
  return run(*observer, config, batches);
}

// The quantiles of Laplace's distribution: what the first example was made for.
std::vector<tensor::Tensor> laplace_like() {
  std::vector<float> values(20000);
  for (size_t i = 0; i < values.size(); ++i) {
    const double u = (static_cast<double>(i) + 0.5) / static_cast<double>(values.size()) - 0.5;
    values[i] = static_cast<float>(std::copysign(-std::log(1 - 2 * std::fabs(u)), u));
  }
  return {tensor::Tensor::from_floats({200, 100}, values)};
}

double mean_error(const Solution& solution, const Config& config) {
  Config active = config;
  active.activate({solution.parameters.at(0).scale}, {solution.parameters.at(0).zero_point});
  quantization::ErrorMetrics error;
  for (const tensor::Tensor& batch : laplace_like()) {
    error.add(batch.floats(), quantization::fake_quantize(batch.view(), active).floats());
  }
  return error.mse();
}

std::string failure(const std::string& method) {
  try {
    solve(method, kSymmetric, laplace_like());
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ExamplePlugin, ItsStatisticsObserverClipsLaplaceDataWhereThatHelps) {
  for (const int bits : {3, 4, 8}) {
    const Config config = Config::linear(quantization::Symmetry::kAsymmetric, bits);
    const double found = mean_error(solve("aciq-laplace", config, laplace_like()), config);
    const auto minmax = registry().create("minmax", config);
    const auto mse = registry().create("mse", config);
    EXPECT_LT(found, mean_error(run(*minmax, config, laplace_like()), config));
    EXPECT_LT(found, 1.1 * mean_error(run(*mse, config, laplace_like()), config));
  }
}

TEST(ExamplePlugin, ItsStatisticsObserverWorksPerChannel) {
  Config config = kSymmetric;
  config.properties.granularity = quantization::Granularity::kPerChannel;
  config.channel_axis = 1;
  const auto batches = support::stream_batches("channels", 7, {16, 4, 32}, 2);
  const Solution solution = solve("aciq-laplace", config, batches);
  ASSERT_EQ(solution.parameters.size(), 4u);
  for (size_t c = 1; c < 4; ++c) {  // each channel is twice the one before
    EXPECT_NEAR(solution.parameters[c].scale / solution.parameters[c - 1].scale, 2, 0.5);
  }
}

TEST(ExamplePlugin, ItsRawObserverSeesBothPassesAndFindsASmallError) {
  const auto observer = plugins().create("lp-error", kSymmetric);
  EXPECT_EQ(observer->needs(), (Needs{.statistics = false, .raw_pass_count = 2}));
  EXPECT_EQ(observer->laws(), (Laws{.merge = false, .order = false}));
  const Solution solution = run(*observer, kSymmetric, laplace_like());
  const Solution full = {.parameters = {{.scale = solution.parameters[0].scale * 2}}};
  EXPECT_LT(mean_error(solution, kSymmetric), mean_error(full, kSymmetric));
  EXPECT_THROW(observer->merge(*plugins().create("lp-error", kSymmetric)), std::invalid_argument);
}

TEST(ExamplePlugin, SaysWhichTensorsItDoesNotServe) {
  try {
    plugins().create("lp-error", Config::linear(quantization::Symmetry::kAsymmetric));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("symmetric per-tensor grids only"));
  }
}

TEST(PluginObserver, TurnsMisbehaviourIntoClearErrors) {
  EXPECT_THAT(failure("throws"), HasSubstr("'throws' failed to solve: out of luck"));
  EXPECT_THAT(failure("too-few"), HasSubstr("0 results for 1 channels"));
  EXPECT_THAT(failure("not-a-number"), HasSubstr("gave the range [nan"));
  EXPECT_THAT(failure("off-the-grid"), HasSubstr("zero point 9999"));
  EXPECT_THAT(failure("will-not-start"), HasSubstr("failed to start: not today"));
}

TEST(PluginObserver, TakesWhateverIsThrown) {
  EXPECT_THAT(failure("throws-number"), HasSubstr("'throws-number' failed to solve: it threw"));
  EXPECT_THAT(failure("throws-text"), HasSubstr("no exception of C++"));
  EXPECT_THAT(failure("throws-exception"), HasSubstr("it threw: all wrong"));
  EXPECT_THAT(failure("throws-when-made"), HasSubstr("failed to start: it threw"));
  EXPECT_THAT(failure("makes-nothing"), HasSubstr("failed to start: no reason given"));
  EXPECT_THAT(failure("throws-when-destroyed"), HasSubstr("zero point 9999"));
  EXPECT_THAT(failure("endless-reason"), HasSubstr(std::string(512, 'x')));
  EXPECT_THAT(failure("too-wide"), HasSubstr("no float32 scale"));
}

TEST(PluginObserver, MergesWhereThePluginCan) {
  const auto first = plugins().create("counts", kSymmetric);
  const auto second = plugins().create("counts", kSymmetric);
  const tensor::Tensor batch = support::stream_batch("normal", 1, {51});
  first->observe(batch.view());
  for (int i = 0; i < 4; ++i) second->observe(batch.view());
  first->merge(*second);
  EXPECT_EQ(first->solve({}).parameters[0].scale, 2 * 255.0f / 255);
  EXPECT_THROW(first->merge(*plugins().create("lp-error", kSymmetric)), std::invalid_argument);
}

TEST(PluginObserver, RefusesFloatingConfigs) {
  EXPECT_THROW(plugins().create("aciq-laplace", Config::floating(quantization::FloatFormat::kE4M3)),
               std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::observers
