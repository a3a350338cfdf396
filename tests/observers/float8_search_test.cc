#include "observers/float8_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "quantization/error_metrics.h"
#include "quantization/fake_quantize.h"
#include "quantization/float8.h"

namespace rangefinder::observers {
namespace {

using quantization::FloatFormat;
using Sampler = float (*)(std::mt19937&);

std::vector<float> samples(Sampler sampler) {
  std::mt19937 random(11);
  std::vector<float> values(8000);
  for (float& value : values) value = sampler(random);
  return values;
}

float normal(std::mt19937& random) { return std::normal_distribution<float>()(random); }

// The bound is 1.01 where many values share the error, and 1.05 where a handful of large ones carry
// it: where exactly those lie inside their buckets is not known to the counts.
struct Case {
  const char* name;
  double bound;
  Sampler sampler;
};
const std::vector<Case> kCases = {
    {"normal", 1.01, normal},
    {"log-normal over decades", 1.05, [](std::mt19937& r) { return std::exp(4 * normal(r)); }},
    {"uniform", 1.01, [](std::mt19937& r) { return static_cast<float>(r() % 1000003) / 7; }},
    {"bimodal", 1.01,
     [](std::mt19937& r) { return normal(r) * 0.1f + (r() % 3 == 0 ? -3.0f : 5.0f); }},
    {"rare outliers", 1.05,
     [](std::mt19937& r) { return normal(r) * (r() % 1000 == 0 ? 1e5f : 1.0f); }},
    {"tiny", 1.01, [](std::mt19937& r) { return normal(r) * 1e-12f; }},
};

statistics::TensorStatistics statistics_of(const std::vector<float>& values) {
  statistics::TensorStatistics result;
  result.add(values);
  return result;
}

double loss(const std::vector<float>& values, float scale, FloatFormat format) {
  auto config = quantization::TensorQuantizationConfig::floating(format);
  config.activate({scale}, {0});
  std::vector<float> restored(values.size());
  quantization::fake_quantize(values, config, 0, restored);
  quantization::ErrorMetrics error;
  error.add(values, restored);
  return error.mse();
}

// The best loss of a search over the raw data, finer than the one under test.
double brute_force(const std::vector<float>& values, float widest, FloatFormat format) {
  double least = INFINITY;
  for (int i = -300; i <= 60; ++i) {
    const double scale = widest * std::exp2(i / 100.0);
    least = std::min(least, loss(values, static_cast<float>(scale), format));
  }
  return least;
}

TEST(Float8Mse, LosesLittleAgainstBruteForceOnTheRawData) {
  for (const auto& [name, bound, sampler] : kCases) {
    const std::vector<float> values = samples(sampler);
    for (const FloatFormat format : {FloatFormat::kE4M3, FloatFormat::kE5M2}) {
      const float found = *float8_mse(statistics_of(values), {format});
      const float widest = *float8_minmax(statistics_of(values), {format});
      EXPECT_LE(loss(values, found, format), bound * brute_force(values, widest, format)) << name;
      EXPECT_LE(loss(values, found, format), 1.0001 * loss(values, widest, format)) << name;
    }
  }
}

TEST(Float8MinMax, PutsTheLargestMagnitudeOnTheLargestCode) {
  const auto seen = statistics_of({-7, 3});
  EXPECT_EQ(*float8_minmax(seen, {FloatFormat::kE4M3}), 7.0f / 448);
  EXPECT_EQ(*float8_minmax(seen, {FloatFormat::kE5M2}), 7.0f / 57344);
  EXPECT_EQ(*float8_minmax(seen, {FloatFormat::kE4M3, true}), 0x1p-6f);
}

TEST(Float8Search, PowersOfTwoStayPowersOfTwo) {
  const auto seen = statistics_of(samples(normal));
  int exponent = 0;
  EXPECT_EQ(std::frexp(*float8_mse(seen, {FloatFormat::kE4M3, true}), &exponent), 0.5f);
}

TEST(Float8Search, DegenerateDataHaveDefinedResults) {
  for (const auto search : {float8_minmax, float8_mse}) {
    EXPECT_FALSE(search({}, {}).has_value());
    EXPECT_FALSE(search(statistics_of({std::nanf("")}), {}).has_value());
    EXPECT_EQ(search(statistics_of({0, 0}), {}), 1.0f);
    EXPECT_GT(search(statistics_of({1e-41f}), {}), 0.0f);
    EXPECT_TRUE(std::isfinite(*search(statistics_of({3e38f, -3e38f}), {})));
  }
}

}  // namespace
}  // namespace rangefinder::observers
