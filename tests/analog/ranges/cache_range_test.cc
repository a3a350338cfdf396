#include "analog/ranges/cache_range.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>

#include "analog/calls.h"
#include "analog/geometries.h"
#include "analog/ranges/rank.h"

namespace rangefinder::analog {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::Pointwise;

std::vector<float> ranges(InputRangeOptions options, int64_t limit) {
  const LinearCalls calls = worked_example(limit);
  return calls.ranges(*make_cache_range(options)).value();
}

// The reference's own figures; at quantile 1 it takes the signed maximum.
TEST(CacheRange, InCompatibilityGivesTheReferencesFigures) {
  InputRangeOptions options{.quantile = 0.75, .compatibility = Compatibility::kAihwkit};
  EXPECT_THAT(ranges(options, -1), Pointwise(FloatEq(), {1.25f}));
  EXPECT_THAT(ranges(options, 2), Pointwise(FloatEq(), {1.0f, 1.75f}));
  options.quantile = 1.0;
  EXPECT_THAT(ranges(options, 2), Pointwise(FloatEq(), {3.0f, 2.5f}));
}

TEST(CacheRange, ByDefaultTakesQuantilesOfMagnitudes) {
  EXPECT_THAT(ranges({.quantile = 1.0}, 2), Pointwise(FloatEq(), {6.0f, 2.5f}));
}

/// Six calls of 1000 rows, each row telling its call.
LinearCalls numbered_calls() {
  LinearCalls calls{1, -1, {}};
  for (int call = 1; call <= 6; ++call) {
    calls.calls.emplace_back(1000, static_cast<float>(call));
  }
  return calls;
}

// The quantile at (k - 0.5) / 6 tells which call holds that place: all six if sampling is even.
// The original keeps 31 31 63 126 248 502 of 1000: its first three calls hold an eighth.
TEST(CacheRange, SamplesTheWholeStreamEvenlyAndTheOriginalDoesNot) {
  const LinearCalls calls = numbered_calls();
  for (int k = 1; k <= 6; ++k) {
    CacheRange method((k - 0.5) / 6, 1000, 0);
    EXPECT_EQ(calls.ranges(method)->at(0), static_cast<float>(k));
    EXPECT_EQ(method.row_count(), 1000u);
  }
  ReferenceCacheRange original(0.5, 1000, 0);
  EXPECT_GE(calls.ranges(original)->at(0), 5.0f);
}

TEST(CacheRange, DoesNotDependOnTheOrderOfCalls) {
  LinearCalls calls{3, 2, {}};
  for (uint32_t i = 0; i < 9; ++i) {
    const auto batch = support::stream_batch("normal", i, {40, 3});
    calls.calls.emplace_back(batch.floats().begin(), batch.floats().end());
  }
  CacheRange forward(0.9, 50, 7);
  CacheRange backward(0.9, 50, 7);
  CacheRange other_seed(0.9, 50, 8);
  for (size_t i = 0; i < 9; ++i) {
    calls.show(forward, i);
    calls.show(backward, 8 - i);
    calls.show(other_seed, i);
  }
  EXPECT_EQ(forward.ranges(), backward.ranges());
  EXPECT_NE(forward.ranges(), other_seed.ranges());
}

TEST(CacheRange, KeepsNoZeroRowsHoweverManyThereAre) {
  LinearCalls calls{2, -1, {std::vector<float>(4000, 0.0f)}};
  calls.calls[0][2222] = 5.0f;
  calls.calls[0][3333] = -7.0f;
  CacheRange method(1.0, 10, 0);
  EXPECT_EQ(calls.ranges(method)->at(0), 7.0f);
  EXPECT_EQ(method.row_count(), 2u);
}

/// The quantile of the magnitudes of all entries in columns [begin, end) of rows that are not zero.
float exact_quantile(const std::vector<std::vector<float>>& calls, size_t width, size_t begin,
                     size_t end, double quantile) {
  std::vector<float> magnitudes;
  for (const auto& call : calls) {
    for (size_t row = 0; row < call.size(); row += width) {
      const std::span<const float> values(&call[row], width);
      if (std::ranges::all_of(values, [](float x) { return x == 0; })) continue;
      for (size_t i = begin; i < end; ++i) magnitudes.push_back(std::fabs(values[i]));
    }
  }
  std::sort(magnitudes.begin(), magnitudes.end());
  const Rank rank = quantile_rank(quantile, magnitudes.size(), Compatibility::kNone);
  const size_t upper = std::min<size_t>(rank.lower + 1, magnitudes.size() - 1);
  return interpolate(magnitudes[rank.lower], magnitudes[upper], rank.fraction);
}

// Of a row only as many entries are stored as may matter; here rows differ in size by up to 2^20,
// so that the largest of all are in few of them, and many rows are all or almost all zero.
TEST(CacheRange, IsTheQuantileOfAllEntriesOfTheRowsKept) {
  constexpr size_t kWidth = 201;
  LinearCalls calls{kWidth, 101, {}};
  for (uint32_t i = 0; i < 6; ++i) {
    const auto batch = support::stream_batch("normal", i, {50, kWidth});
    std::vector<float> values(batch.floats().begin(), batch.floats().end());
    for (size_t k = 0; k < values.size(); ++k) {
      const size_t row = k / kWidth;
      values[k] = std::ldexp(values[k], static_cast<int>((row * 7 + i) % 21) - 10);
      if (row % 5 == 1 || (row % 5 == 2 && k % 40 != 3)) values[k] = 0;
    }
    calls.calls.push_back(std::move(values));
  }
  for (const double quantile : {0.0, 0.3, 0.5, 0.9, 0.99, 0.999, 0.99995, 1.0}) {
    for (const int64_t most : {300, 1000}) {
      CacheRange method(quantile, most, 3);
      EXPECT_THAT(calls.ranges(method).value(),
                  ElementsAre(exact_quantile(calls.calls, kWidth, 0, 101, quantile),
                              exact_quantile(calls.calls, kWidth, 101, kWidth, quantile)))
          << quantile << " of " << most;
    }
  }
}

TEST(CacheRange, KeepsAsManyRowsAsAskedForInAnyOrderOfCalls) {
  LinearCalls calls{2, -1, {}};
  for (int call = 0; call < 30; ++call) {
    std::vector<float> values(80);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(call * 100 + 1) + static_cast<float>(i / 2);
    }
    calls.calls.push_back(std::move(values));
  }
  for (const int64_t most : {1, 7, 40, 500, 1199, 1200}) {
    CacheRange forward(1.0, most, 5);
    CacheRange backward(1.0, most, 5);
    for (size_t i = 0; i < calls.calls.size(); ++i) {
      calls.show(forward, i);
      calls.show(backward, calls.calls.size() - 1 - i);
    }
    EXPECT_EQ(forward.row_count(), static_cast<size_t>(most));
    EXPECT_EQ(forward.ranges(), backward.ranges());
  }
}

TEST(CacheRange, OfAConvolutionKeepsWholePatches) {
  const PatchGeometry geometry = sample_geometries()[6];
  const PatchPlan plan(geometry, balanced_slices(geometry.features(), 10));
  const auto values = sparse_samples(geometry, 2, 3);
  CacheRange method(0.8, 1000, 0);
  method.observe({0, 0}, ActivationMatrix(plan, values));
  for (size_t slice = 0; slice < plan.slices.size(); ++slice) {
    auto entries = unfolded_entries(geometry, values, plan.slices[slice]);
    for (float& entry : entries) entry = std::fabs(entry);
    std::sort(entries.begin(), entries.end());
    const double at = 0.8 * static_cast<double>(entries.size() - 1);
    EXPECT_GE(method.ranges()->at(slice), entries[static_cast<size_t>(at)]);
    EXPECT_LE(method.ranges()->at(slice), entries[static_cast<size_t>(at) + 1]);
  }
}

TEST(CacheRange, RefusesNan) {
  const LinearCalls calls{2, -1, {{1, NAN}}};
  CacheRange method(1.0, 10, 0);
  EXPECT_THROW(calls.show(method, 0), std::domain_error);
  EXPECT_EQ(method.row_count(), 0u);
  ReferenceCacheRange original(1.0, 10, 0);
  EXPECT_TRUE(std::isnan(calls.ranges(original)->at(0)));
}

}  // namespace
}  // namespace rangefinder::analog
