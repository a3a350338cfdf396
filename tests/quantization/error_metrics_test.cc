#include "quantization/error_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace rangefinder::quantization {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ErrorMetrics metrics(const std::vector<float>& real, const std::vector<float>& restored) {
  ErrorMetrics result;
  result.add(real, restored);
  return result;
}

TEST(CompensatedSum, KeepsWhatThePlainSumLoses) {
  CompensatedSum sum;
  double plain = 0;
  for (const double value : {1.0, 1e100, 1.0, -1e100}) {
    sum.add(value);
    plain += value;
  }
  ASSERT_EQ(plain, 0) << "the naive form fails here";
  EXPECT_EQ(sum.value(), 2);
}

TEST(ErrorMetrics, KnownNumbers) {
  const ErrorMetrics m = metrics({3, 4}, {3, 2});
  EXPECT_EQ(m.mse(), 2);
  EXPECT_DOUBLE_EQ(m.sqnr_db(), 10 * std::log10(25.0 / 4));
  EXPECT_DOUBLE_EQ(m.cosine(), 17 / (5 * std::sqrt(13.0)));
  EXPECT_EQ(m.max_abs_error(), 2);
  EXPECT_EQ(m.count(), 2u);
}

TEST(ErrorMetrics, EdgesAreDefined) {
  const ErrorMetrics nothing;
  EXPECT_EQ(nothing.mse(), 0);
  EXPECT_EQ(nothing.sqnr_db(), kInfinity);
  EXPECT_EQ(nothing.cosine(), 1);
  EXPECT_EQ(metrics({1, 2}, {1, 2}).sqnr_db(), kInfinity);
  EXPECT_EQ(metrics({0, 0}, {0, 0}).cosine(), 1);
  EXPECT_EQ(metrics({0, 0}, {1, 0}).cosine(), 0);
  EXPECT_EQ(metrics({0, 0}, {1, 0}).sqnr_db(), -kInfinity);
  EXPECT_THROW(metrics({1}, {}), std::invalid_argument);
}

TEST(ErrorMetrics, LeavesNotFinitePairsOut) {
  const float infinity = std::numeric_limits<float>::infinity();
  const ErrorMetrics m = metrics({1, std::nanf(""), infinity, 2}, {1, 1, 1, std::nanf("")});
  EXPECT_EQ(m.count(), 1u);
  EXPECT_EQ(m.nonfinite_count(), 3u);
  EXPECT_EQ(m.mse(), 0);
}

TEST(ErrorMetrics, TellsBothSidesOfItsRatio) {
  const ErrorMetrics m = metrics({3, 4}, {3, 2});
  EXPECT_EQ(m.error_power(), 4);
  EXPECT_EQ(m.real_power(), 25);
}

TEST(ErrorMetrics, SplitAndMergeAgree) {
  std::vector<float> real(1000);
  std::vector<float> restored(1000);
  for (size_t i = 0; i < real.size(); ++i) {
    real[i] = std::sin(static_cast<float>(i)) * 1e3f;
    restored[i] = std::round(real[i]);
  }
  const ErrorMetrics whole = metrics(real, restored);
  ErrorMetrics first =
      metrics({real.begin(), real.begin() + 300}, {restored.begin(), restored.begin() + 300});
  first.merge(metrics({real.begin() + 300, real.end()}, {restored.begin() + 300, restored.end()}));
  EXPECT_NEAR(first.mse() / whole.mse(), 1, 1e-14);
  EXPECT_NEAR(first.cosine(), whole.cosine(), 1e-14);
  EXPECT_EQ(first.max_abs_error(), whole.max_abs_error());
  EXPECT_EQ(first.count(), whole.count());
}

}  // namespace
}  // namespace rangefinder::quantization
