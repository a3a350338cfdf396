#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "samples.h"
#include "search/percentile.h"

namespace rangefinder::search {
namespace {

using quantization::Range;

constexpr double kAllowedRegret = 1.002;

/// Linear between ranks, of the raw values. Sorts as far as it must.
double raw_quantile(std::vector<float> values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const auto rank = static_cast<std::ptrdiff_t>(position);
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  const double below = values[static_cast<size_t>(rank)];
  const double share = position - static_cast<double>(rank);
  if (share == 0) return below;
  const double above = *std::min_element(values.begin() + rank + 1, values.end());
  return below + share * (above - below);
}

/// The loss that the q-quantile of the values minimizes (Koenker and Bassett 1978): a value beyond
/// `end` costs its distance q times, one below it 1 - q times.
double quantile_loss(const std::vector<float>& values, double q, double end) {
  double sum = 0;
  for (const double x : values) sum += x > end ? q * (x - end) : (1 - q) * (end - x);
  return sum / static_cast<double>(values.size());
}

double range_loss(const std::vector<float>& values, double p, const Range& range, bool symmetric) {
  const double above = quantile_loss(values, p, range.max);
  return symmetric ? above : above + quantile_loss(values, 1 - p, range.min);
}

/// Loss on the raw values of the range found from counts over that of the range found by sorting
/// them. A percentile has no bits: the loss is that of the range.
double regret(const Sample& sample, double p, bool symmetric) {
  const Range found = *percentile_range(observed(sample.values), p, symmetric);
  std::vector<float> values = sample.values;
  if (symmetric)
    std::ranges::transform(values, values.begin(), [](float x) { return std::abs(x); });
  const Range exact = {symmetric ? 0 : raw_quantile(values, 1 - p), raw_quantile(values, p)};
  const double least = range_loss(values, p, exact, symmetric);
  // Constants lose nothing; what is lost instead counts against the smallest part of the range.
  const double least_that_counts = 1e-6 * std::max(std::abs(exact.min), std::abs(exact.max));
  return range_loss(values, p, found, symmetric) / std::max(least, least_that_counts);
}

TEST(PercentileRegret, IsSmallOnEveryDistribution) {
  for (const Sample& sample : samples(1 << 18)) {
    double worst_symmetric = 0;
    double worst_asymmetric = 0;
    for (const double p : {0.9, 0.99, 0.999, 0.9999, 0.99999}) {
      const double symmetric = regret(sample, p, true);
      const double asymmetric = regret(sample, p, false);
      EXPECT_LE(symmetric, kAllowedRegret) << sample.name << ", symmetric, " << p;
      EXPECT_LE(asymmetric, kAllowedRegret) << sample.name << ", asymmetric, " << p;
      worst_symmetric = std::max(worst_symmetric, symmetric);
      worst_asymmetric = std::max(worst_asymmetric, asymmetric);
    }
    RecordProperty(sample.name, fmt::format("{:.5f} {:.5f}", worst_symmetric, worst_asymmetric));
  }
}

}  // namespace
}  // namespace rangefinder::search
