#include "analog/call_figures.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "analog/geometries.h"
#include "analog/rank.h"

namespace rangefinder::analog {
namespace {

float sorted_quantile(std::vector<float> entries, double quantile, Compatibility compatibility) {
  std::sort(entries.begin(), entries.end());
  const Rank rank = quantile_rank(quantile, entries.size(), compatibility);
  const float upper = entries[std::min(rank.lower + 1, entries.size() - 1)];
  return interpolate(entries[rank.lower], upper, rank.fraction);
}

double naive_deviation(const std::vector<float>& entries) {
  double mean = 0.0;
  for (const float entry : entries) mean += entry;
  mean /= static_cast<double>(entries.size());
  double squares = 0.0;
  for (const float entry : entries) squares += (entry - mean) * (entry - mean);
  return std::sqrt(squares / static_cast<double>(entries.size() - 1));
}

struct Case {
  PatchGeometry geometry;
  std::vector<float> values;
};

/// Calls `check(matrix, slice, unfolded entries)` for every slice of every geometry.
template <typename Check>
void for_each_slice(Check check) {
  for (const PatchGeometry& geometry : sample_geometries()) {
    const PatchPlan plan(geometry, balanced_slices(geometry.features(), 7));
    const auto values = sparse_samples(geometry, 2, 31);
    const ActivationMatrix matrix(plan, values);
    for (size_t slice = 0; slice < plan.slices.size(); ++slice) {
      auto entries = unfolded_entries(geometry, values, plan.slices[slice]);
      if (!entries.empty()) check(matrix, slice, std::move(entries));
    }
  }
}

TEST(CallFigures, LargestMagnitudeEqualsUnfolding) {
  for_each_slice([](const ActivationMatrix& matrix, size_t slice, std::vector<float> entries) {
    float largest = 0.0f;
    for (const float entry : entries) largest = std::max(largest, std::fabs(entry));
    EXPECT_EQ(std::bit_cast<float>(largest_magnitude_bits(matrix, slice)), largest);
  });
}

TEST(CallFigures, StandardDeviationEqualsUnfolding) {
  for_each_slice([](const ActivationMatrix& matrix, size_t slice, std::vector<float> entries) {
    if (entries.size() < 2) {
      EXPECT_FALSE(standard_deviation(matrix, slice).has_value());
    } else {
      EXPECT_NEAR(standard_deviation(matrix, slice).value(), naive_deviation(entries), 1e-12);
    }
  });
}

// A mean of 1e4 times the deviation: the difference of squares would lose half the digits.
TEST(CallFigures, StandardDeviationSurvivesALargeMean) {
  const PatchPlan plan(linear_geometry(3), balanced_slices(3, -1));
  const std::vector<float> values = {9999.0f, 10000.0f, 10001.0f};
  EXPECT_DOUBLE_EQ(standard_deviation(ActivationMatrix(plan, values), 0).value(), 1.0);
}

TEST(CallFigures, MagnitudeQuantileIsExact) {
  MagnitudeCounts counts;
  for_each_slice([&](const ActivationMatrix& matrix, size_t slice, std::vector<float> entries) {
    for (float& entry : entries) entry = std::fabs(entry);
    counts.count(matrix, slice);
    for (const double quantile : {0.01, 0.5, 0.9, 0.99995, 1.0}) {
      EXPECT_EQ(magnitude_quantile(matrix, slice, counts, quantile).value(),
                sorted_quantile(entries, quantile, Compatibility::kNone));
    }
  });
}

TEST(CallFigures, SignedQuantileIsExact) {
  for_each_slice([](const ActivationMatrix& matrix, size_t slice, std::vector<float> entries) {
    for (const double quantile : {0.01, 0.5, 0.9, 0.99995, 1.0}) {
      EXPECT_EQ(signed_quantile(matrix, slice, quantile).value(),
                sorted_quantile(entries, quantile, Compatibility::kAihwkit));
    }
  });
}

TEST(CallFigures, OfAllZeroRowsAreNothing) {
  const PatchPlan plan(linear_geometry(3), balanced_slices(3, -1));
  const std::vector<float> zeros(6, 0.0f);
  const ActivationMatrix matrix(plan, zeros);
  MagnitudeCounts counts;
  counts.count(matrix, 0);
  EXPECT_EQ(largest_magnitude_bits(matrix, 0), 0u);
  EXPECT_FALSE(standard_deviation(matrix, 0).has_value());
  EXPECT_FALSE(magnitude_quantile(matrix, 0, counts, 0.5).has_value());
  EXPECT_FALSE(signed_quantile(matrix, 0, 0.5).has_value());
}

}  // namespace
}  // namespace rangefinder::analog
