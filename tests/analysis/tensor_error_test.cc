#include "analysis/tensor_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "support/streams.h"

namespace rangefinder::analysis {
namespace {

using quantization::Symmetry;
using quantization::TensorQuantizationConfig;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

statistics::TensorStatistics observed(const std::vector<float>& values) {
  statistics::TensorStatistics statistics;
  statistics.add(values);
  return statistics;
}

TensorQuantizationConfig grid(Symmetry symmetry, float scale, int32_t offset) {
  auto config = TensorQuantizationConfig::linear(symmetry);
  config.activate({scale}, {offset});
  return config;
}

/// Codes 0 to 255 stand for 0, scale, ..., 255 * scale.
TensorQuantizationConfig unsigned_grid(float scale) {
  return grid(Symmetry::kAsymmetric, scale, 0);
}

/// What a runtime does to each value, as a plain loop.
TensorError raw_error(const std::vector<float>& values, const TensorQuantizationConfig& config) {
  double signal = 0;
  double error = 0;
  double clipped = 0;
  const double scale = config.scale[0];
  const auto lowest = static_cast<double>(config.quant_min - config.offset[0]);
  const auto highest = static_cast<double>(config.quant_max - config.offset[0]);
  for (const double x : values) {
    const double code = x / scale;
    const double restored = std::clamp(std::nearbyint(code), lowest, highest) * scale;
    signal += x * x;
    error += (x - restored) * (x - restored);
    clipped += code < lowest - 0.5 || code > highest + 0.5 ? 1 : 0;
  }
  return {10 * std::log10(signal / error), clipped / static_cast<double>(values.size())};
}

TEST(TensorError, IsThatOfTheRawDataUpToTheBuckets) {
  for (const char* stream : {"normal", "relu", "bimodal", "cubed", "negative"}) {
    const tensor::Tensor batch = support::stream_batch(stream, 3, {1 << 16});
    const std::vector<float> values(batch.floats().begin(), batch.floats().end());
    for (const auto& config :
         {grid(Symmetry::kSymmetric, 0.01f, 0), grid(Symmetry::kSymmetric, 0.1f, 0),
          grid(Symmetry::kAsymmetric, 0.02f, 100), unsigned_grid(0.03f)}) {
      const TensorError counted = tensor_error(observed(values), config);
      const TensorError raw = raw_error(values, config);
      EXPECT_NEAR(counted.sqnr_db.value(), raw.sqnr_db.value(), 0.1) << stream << config.scale[0];
      EXPECT_NEAR(counted.clipped_share, raw.clipped_share, 2e-3) << stream << config.scale[0];
    }
  }
}

TEST(TensorError, ClippedIsWhatLiesMoreThanHalfAStepOutside) {
  // 0 and the largest value are points; 60 lies well inside.
  EXPECT_EQ(tensor_error(observed({0, 60, 300}), unsigned_grid(1)).clipped_share, 1.0 / 3);
  EXPECT_EQ(tensor_error(observed({-0.4f, 60, 255}), unsigned_grid(1)).clipped_share, 0);
  EXPECT_EQ(tensor_error(observed({-0.6f, 60, 255}), unsigned_grid(1)).clipped_share, 1.0 / 3);
  EXPECT_EQ(tensor_error(observed({-3, -2, 0}), unsigned_grid(1)).clipped_share, 2.0 / 3);
}

TEST(TensorError, ClippingCostsSignal) {
  const auto values = observed({1, 2, 3, 4, 1000});
  EXPECT_LT(tensor_error(values, unsigned_grid(1)).sqnr_db.value(), 3);
  EXPECT_GT(tensor_error(values, unsigned_grid(4)).sqnr_db.value(), 40);
}

TEST(TensorError, NothingLostIsInfinite) {
  const TensorError error = tensor_error(observed({3, 3, 3}), unsigned_grid(1));
  EXPECT_EQ(error.sqnr_db, std::numeric_limits<double>::infinity());
  EXPECT_EQ(error.clipped_share, 0);
}

TEST(TensorError, ZerosAndNoDataHaveNoSignal) {
  for (const auto& values : {observed({0, -0.0f, 0}), observed({})}) {
    const TensorError error = tensor_error(values, unsigned_grid(1));
    EXPECT_EQ(error.sqnr_db, std::nullopt);
    EXPECT_EQ(error.clipped_share, 0);
  }
}

TEST(TensorError, OnlyFiniteValuesCount) {
  const std::vector<float> finite = {0.3f, 60, 300};
  std::vector<float> all = finite;
  for (const float value : {std::nanf(""), kInfinity, -kInfinity}) all.push_back(value);
  const TensorError expected = tensor_error(observed(finite), unsigned_grid(1));
  const TensorError found = tensor_error(observed(all), unsigned_grid(1));
  EXPECT_EQ(found.sqnr_db, expected.sqnr_db);
  EXPECT_EQ(found.clipped_share, expected.clipped_share);
  EXPECT_EQ(tensor_error(observed({kInfinity, kInfinity}), unsigned_grid(1)).sqnr_db, std::nullopt);
}

TEST(TensorError, ValuesAtTheEndsOfFloatAreFine) {
  const TensorError huge = tensor_error(observed({-3.4e38f, 1, 3.4e38f}), unsigned_grid(1e36f));
  EXPECT_TRUE(std::isfinite(huge.sqnr_db.value()));
  EXPECT_EQ(huge.clipped_share, 2.0 / 3);
  const TensorError tiny = tensor_error(observed({1e-45f, 0}), unsigned_grid(1));
  EXPECT_EQ(tiny.clipped_share, 0);
  EXPECT_NEAR(tiny.sqnr_db.value(), 0, 1e-6) << "all of it is lost";
}

TEST(TensorError, NeedsOneScale) {
  auto config = TensorQuantizationConfig::linear(Symmetry::kSymmetric);
  EXPECT_THROW(tensor_error(observed({1}), config), std::invalid_argument);
  config.scale = {1, 1};
  config.offset = {0, 0};
  EXPECT_THROW(tensor_error(observed({1}), config), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analysis
