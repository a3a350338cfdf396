#include "observers/built_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "observers/calibrate.h"
#include "quantization/error_metrics.h"
#include "quantization/fake_quantize.h"
#include "support/streams.h"

namespace rangefinder::observers {
namespace {

using quantization::FloatFormat;
using quantization::Granularity;
using quantization::ScaleRule;
using quantization::Symmetry;
using Config = quantization::TensorQuantizationConfig;

const std::vector<std::string> kStatisticMethods = {"kl", "minmax", "mse", "percentile", "std"};

std::vector<statistics::TensorStatistics> channels_of(const tensor::Tensor& x,
                                                      const Config& config) {
  std::vector<statistics::TensorStatistics> channels(config.is_per_channel() ? 4 : 1);
  for (size_t i = 0; i < x.element_count(); ++i) {
    channels[i / 16 % channels.size()].add(x.floats().subspan(i, 1));
  }
  return channels;
}

double sqnr(const tensor::Tensor& x, const Config& config) {
  quantization::ErrorMetrics error;
  error.add(x.floats(), quantization::fake_quantize(x.view(), config).floats());
  return error.sqnr_db();
}

// Every cell of the matrix: the result must restore the data about as well as the bits allow
// (6 dB a bit, less what a range beyond the data's own costs).
TEST(BuiltIn, FillEveryCellOfTheMatrix) {
  const tensor::Tensor x = support::stream_batch("normal", 5, {32, 4, 16});
  int cells = 0;
  for (const std::string& method : kStatisticMethods) {
    for (const Symmetry symmetry : {Symmetry::kSymmetric, Symmetry::kAsymmetric}) {
      for (const Granularity granularity : {Granularity::kPerTensor, Granularity::kPerChannel}) {
        for (const ScaleRule rule : {ScaleRule::kAny, ScaleRule::kPowerOf2}) {
          for (int bits = 2; bits <= 16; ++bits, ++cells) {
            Config config = Config::linear(symmetry, bits);
            config.properties.granularity = granularity;
            config.properties.scale_rule = rule;
            if (config.is_per_channel()) config.channel_axis = 1;
            calibrate(method, {.percentile = 1, .alpha = 6}, channels_of(x, config), config);
            EXPECT_EQ(config.scale.size(), config.is_per_channel() ? 4u : 1u);
            const double allowance = rule == ScaleRule::kPowerOf2 ? 15 : 9.5;
            // Divergence does not count how far a clipped value is off: kl stops gaining
            // decibels once the codes outnumber what it can tell apart.
            const double wanted = 6.02 * bits - allowance;
            EXPECT_GT(sqnr(x, config), method == "kl" ? std::min(wanted, 25.0) : wanted)
                << method << ' ' << bits << " bits, symmetric " << config.is_symmetric()
                << ", per channel " << config.is_per_channel() << ", power of 2 "
                << config.is_power_of_2();
          }
        }
      }
    }
  }
  EXPECT_EQ(cells, 5 * 2 * 2 * 2 * 15);
}

TEST(BuiltIn, FloatingHasMinmaxAndMseOnly) {
  const tensor::Tensor x = support::stream_batch("normal", 5, {32, 4, 16});
  for (const FloatFormat format : {FloatFormat::kE4M3, FloatFormat::kE5M2}) {
    for (const std::string& method : kStatisticMethods) {
      for (const ScaleRule rule : {ScaleRule::kAny, ScaleRule::kPowerOf2}) {
        Config config = Config::floating(format);
        config.properties.scale_rule = rule;
        if (method == "minmax" || method == "mse") {
          calibrate(method, {}, channels_of(x, config), config);
          EXPECT_GT(sqnr(x, config), format == FloatFormat::kE4M3 ? 30 : 24) << method;
        } else {
          EXPECT_THROW(calibrate(method, {}, channels_of(x, config), config),
                       std::invalid_argument);
        }
      }
    }
  }
}

TEST(BuiltIn, ReadTheirOptionsAndTheConfigsDetail) {
  const tensor::Tensor x = support::stream_batch("normal", 5, {32, 4, 16});
  const auto scale_of = [&](const std::string& method, const CalibrationOptions& options,
                            std::map<std::string, double> detail) {
    Config config = Config::linear(Symmetry::kSymmetric);
    config.detail = std::move(detail);
    calibrate(method, options, channels_of(x, config), config);
    return config.scale[0];
  };
  EXPECT_LT(scale_of("percentile", {.percentile = .9}, {}), scale_of("percentile", {}, {}));
  EXPECT_EQ(scale_of("percentile", {}, {{"percentile", .9}}),
            scale_of("percentile", {.percentile = .9}, {}));
  EXPECT_NEAR(scale_of("std", {.alpha = 2}, {}) / scale_of("std", {.alpha = 1}, {}), 2, 1e-6);
  EXPECT_EQ(scale_of("std", {}, {{"alpha", 2}}), scale_of("std", {.alpha = 2}, {}));
  EXPECT_THROW(scale_of("std", {.alpha = 0}, {}), std::invalid_argument);
  EXPECT_THROW(scale_of("std", {.alpha = std::nan("")}, {}), std::invalid_argument);
  EXPECT_THROW(scale_of("percentile", {.percentile = std::nan("")}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::observers
