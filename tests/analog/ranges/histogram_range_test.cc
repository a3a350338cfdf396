#include "analog/ranges/histogram_range.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "analog/calls.h"
#include "base/error.h"
#include "statistics/codec.h"
#include "support/streams.h"

namespace rangefinder::analog {
namespace {

LinearCalls stream(const char* name, size_t count) {
  LinearCalls calls{50, -1, {}};
  for (uint32_t i = 0; i < count; ++i) {
    const auto batch = support::stream_batch(name, 100 + i, {60, 50});
    calls.calls.emplace_back(batch.floats().begin(), batch.floats().end());
  }
  return calls;
}

std::vector<float> sorted_magnitudes(const LinearCalls& calls) {
  std::vector<float> all;
  for (const auto& call : calls.calls) {
    for (const float value : call) all.push_back(std::fabs(value));
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// Squared error of clipping and rounding the raw values.
double raw_error(const std::vector<float>& values, double range, double levels) {
  const double step = 2 * range / levels;
  double sum = 0.0;
  for (const float value : values) {
    const double restored = std::nearbyint(std::min<double>(value, range) / step) * step;
    sum += (restored - value) * (restored - value);
  }
  return sum;
}

TEST(HistogramRange, QuantileIsThatOfAllDataUpToABucket) {
  for (const char* name : {"normal", "relu", "cubed", "negative", "huge", "tiny"}) {
    const LinearCalls calls = stream(name, 4);
    const auto magnitudes = sorted_magnitudes(calls);
    for (const double quantile : {0.6, 0.99, 0.9999}) {
      HistogramRange method(1, histogram_quantile(quantile));
      const float range = calls.ranges(method)->at(0);
      const float exact =
          magnitudes[static_cast<size_t>(quantile * static_cast<double>(magnitudes.size() - 1))];
      EXPECT_NEAR(range, exact, exact / 64) << name << " " << quantile;
    }
  }
}

TEST(HistogramRange, AtQuantileOneIsTheExactMaximum) {
  const LinearCalls calls = stream("cubed", 3);
  HistogramRange method(1, histogram_quantile(1.0));
  EXPECT_EQ(calls.ranges(method)->at(0), sorted_magnitudes(calls).back());
}

// At most 1 % worse than the best of 400 ranges tried on the raw data, if there are enough values
// for their place inside a bucket not to matter (the stream "sparse" has six).
TEST(HistogramRange, MseComesCloseToTheBestRangeOfTheRawData) {
  for (const char* name : {"normal", "relu", "spike60", "cubed", "bimodal"}) {
    for (const double levels : {254.0, 62.0, 14.0, 2.0}) {
      const LinearCalls calls = stream(name, 4);
      const auto magnitudes = sorted_magnitudes(calls);
      HistogramRange method(1, least_squared_error(levels));
      const double found = raw_error(magnitudes, calls.ranges(method)->at(0), levels);
      double best = INFINITY;
      for (int i = 1; i <= 400; ++i) {
        best = std::min(best, raw_error(magnitudes, magnitudes.back() * i / 400.0, levels));
      }
      EXPECT_LE(found, 1.01 * best) << name << " " << levels;
    }
  }
}

TEST(HistogramRange, SquaredErrorIsTheIntegralOverABucket) {
  const std::vector<statistics::Bucket> buckets = {{1.0, 1.5, 10}, {2.0, 3.0, 4}};
  for (const double range : {1.7, 3.0, 6.0}) {
    double expected = 0.0;
    for (const auto& bucket : buckets) {
      for (int i = 0; i < 20000; ++i) {
        const double x = bucket.lower + (bucket.upper - bucket.lower) * (i + 0.5) / 20000;
        const double step = 2 * range / 14;
        const double restored = std::nearbyint(std::min(x, range) / step) * step;
        expected += static_cast<double>(bucket.count) * (x - restored) * (x - restored) / 20000;
      }
    }
    EXPECT_NEAR(squared_error(buckets, range, 14), expected, 1e-4 * expected);
  }
}

TEST(HistogramRange, DegenerateData) {
  const auto mse = [] { return least_squared_error(254); };
  HistogramRange nothing(1, mse());
  EXPECT_FALSE(nothing.ranges().has_value());
  HistogramRange zeros(1, mse());
  EXPECT_FALSE((LinearCalls{2, -1, {{0, 0}}}.ranges(zeros).has_value()));
  HistogramRange one_slice(2, mse());
  const auto ranges = LinearCalls{2, 1, {{0, 5}}}.ranges(one_slice);
  EXPECT_EQ(ranges->at(0), 0.0f);
  EXPECT_NEAR(ranges->at(1), 5.0f, 1e-5f);
  HistogramRange bad(1, mse());
  EXPECT_THROW((LinearCalls{2, -1, {{0, NAN}}}.ranges(bad)), std::domain_error);
  EXPECT_FALSE(bad.ranges().has_value());
}

// A quantile of nothing that is said to reach to 5.
TEST(HistogramRange, ALargestMagnitudeThatWasNotCountedIsRefused) {
  statistics::WireWriter bytes;
  statistics::encode(statistics::ValueHistogram(), bytes);
  bytes.f32(5.0f);
  statistics::WireReader from(bytes.bytes(), "a.ckpt");
  HistogramRange method(1, histogram_quantile(0.9));
  EXPECT_THROW(method.add(from), Error);
  EXPECT_FALSE(method.ranges().has_value());
}

TEST(HistogramRange, MseNeedsAResolution) {
  EXPECT_THROW(least_squared_error(-1), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analog
