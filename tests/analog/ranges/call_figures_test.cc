#include "analog/ranges/call_figures.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "analog/geometries.h"
#include "analog/ranges/rank.h"

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

/// Calls `check(matrix, slice, unfolded entries)` for every slice of every geometry, row-major and
/// in blocks of channels.
template <typename Check>
void for_each_slice(Check check) {
  for (const PatchGeometry& geometry : sample_geometries()) {
    const auto values = sparse_samples(geometry, 2, 31);
    for (const int64_t block : kChannelBlocks) {
      const PatchPlan plan(geometry, balanced_slices(geometry.features(), 7), block);
      const auto stored = blocked(geometry, values, block);
      const ActivationMatrix matrix(plan, stored);
      for (size_t slice = 0; slice < plan.slices.size(); ++slice) {
        auto entries = unfolded_entries(geometry, values, plan.slices[slice]);
        if (!entries.empty()) check(matrix, slice, std::move(entries));
      }
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

TEST(CallFigures, WhatNoWindowLooksAtIsNoEntryWhateverItIs) {
  const PatchGeometry geometry = convolution_geometry({.kernel_shape = {1, 1}, .strides = {2, 2}},
                                                      std::vector<int64_t>{1, 5, 6, 7});
  const auto values = sparse_samples(geometry, 2, 8);
  for (const float strange : {NAN, INFINITY}) {
    auto spoiled = values;
    for (size_t i = 0; i < values.size(); ++i) {
      if (i % 7 % 2 == 1 || i / 7 % 6 % 2 == 1) spoiled[i] = strange;
    }
    for (const int64_t block : kChannelBlocks) {
      const PatchPlan plan(geometry, balanced_slices(geometry.features(), -1), block);
      const auto clean = blocked(geometry, values, block);
      const auto stored = blocked(geometry, spoiled, block);
      const ActivationMatrix expected(plan, clean);
      const ActivationMatrix matrix(plan, stored);
      EXPECT_EQ(largest_magnitude_bits(matrix, 0), largest_magnitude_bits(expected, 0));
      EXPECT_NEAR(standard_deviation(matrix, 0).value(), standard_deviation(expected, 0).value(),
                  1e-12)
          << block;
    }
  }
}

// Weighing the sums of x and x^2 against each other loses no more than six bits: with a mean of 4
// times the deviation that is what is compared.
TEST(CallFigures, StandardDeviationFromTwoSumsIsAsGoodAsAroundTheMean) {
  const PatchPlan plan(linear_geometry(1000), balanced_slices(1000, -1));
  std::vector<float> values = sparse_samples(plan.geometry, 1, 3);
  for (const float mean : {0.0f, 1.0f, 4.0f, 16.0f, 1000.0f}) {
    std::vector<float> shifted = values;
    for (float& value : shifted) value += mean;
    const double expected = naive_deviation(shifted);
    EXPECT_NEAR(standard_deviation(ActivationMatrix(plan, shifted), 0).value(), expected,
                1e-14 * expected)
        << mean;
  }
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
    for (const double quantile : {0.01, 0.5, 0.9, 0.97, 0.99, 0.99995, 1.0}) {
      const float expected = sorted_quantile(entries, quantile, Compatibility::kNone);
      EXPECT_EQ(counted_quantile(matrix, slice, counts, quantile).value(), expected);
      const MagnitudeQuantile found = magnitude_quantile(matrix, slice, quantile);
      EXPECT_EQ(found.value.value(), expected);
      EXPECT_EQ(found.largest_bits, largest_magnitude_bits(matrix, slice));
    }
  });
}

TEST(CallFigures, MagnitudeQuantileTellsOfNanAndInfinity) {
  const PatchPlan plan(linear_geometry(400), balanced_slices(400, -1));
  std::vector<float> values(400, 1.0f);
  for (const float bad : {NAN, -INFINITY}) {
    values[300] = bad;
    const ActivationMatrix matrix(plan, values);
    for (const double quantile : {0.5, 0.99, 1.0}) {
      EXPECT_EQ(magnitude_quantile(matrix, 0, quantile).largest_bits,
                largest_magnitude_bits(matrix, 0));
    }
  }
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
  EXPECT_FALSE(counted_quantile(matrix, 0, counts, 0.5).has_value());
  EXPECT_FALSE(magnitude_quantile(matrix, 0, 0.5).value.has_value());
  EXPECT_FALSE(magnitude_quantile(matrix, 0, 1.0).value.has_value());
  EXPECT_FALSE(signed_quantile(matrix, 0, 0.5).has_value());
}

}  // namespace
}  // namespace rangefinder::analog
