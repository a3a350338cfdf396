#include "refine/smoothing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <stdexcept>

namespace rangefinder::refine {
namespace {

using quantization::AffineParameters;
using quantization::Grid;
using statistics::ChannelSpread;
using statistics::TensorStatistics;
using testing::Each;

constexpr Grid kGrid = {0, 255};
constexpr size_t kChannels = 24;
constexpr size_t kColumns = 16;

AffineParameters whole_range(const TensorStatistics& values) {
  return quantization::affine_from_range({values.extrema.min, values.extrema.max}, kGrid);
}

/// Normal rows whose every tenth channel is `outlier` times as large and shifted, and a matrix
/// whose rows there are so many times smaller.
struct Problem {
  std::vector<float> rows;
  ReadMatrix matrix;
  ChannelSpread spread;

  explicit Problem(float outlier, size_t row_count = 400) {
    std::mt19937 random(5);
    std::normal_distribution<float> normal;
    const auto size = [&](size_t c) { return c % 10 == 4 ? outlier : 1; };
    for (size_t i = 0; i < row_count * kChannels; ++i) {
      rows.push_back((normal(random) + 0.5f) * size(i % kChannels));
    }
    matrix = {.rows = kChannels, .columns = kColumns};
    for (size_t i = 0; i < kChannels * kColumns; ++i) {
      matrix.values.push_back(normal(random) / size(i / kColumns));
    }
    spread.add(rows, kChannels);
  }

  /// Squared error over signal of the product, both factors rounded: in plain loops.
  double error(const std::vector<int>& exponents) const {
    std::vector<double> x(rows.begin(), rows.end());
    std::vector<double> w(matrix.values.begin(), matrix.values.end());
    float low = 0;
    float high = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = std::ldexp(x[i], -exponents[i % kChannels]);
      low = std::min(low, static_cast<float>(x[i]));
      high = std::max(high, static_cast<float>(x[i]));
    }
    for (size_t i = 0; i < w.size(); ++i) w[i] = std::ldexp(w[i], exponents[i / kColumns]);
    const auto parameters = quantization::affine_from_range({low, high}, kGrid);
    const auto rounded_x = [&](double value) {
      return std::nearbyint(value / parameters.scale) * parameters.scale;
    };
    std::vector<double> steps(kColumns, 0);
    for (size_t i = 0; i < w.size(); ++i) {
      steps[i % kColumns] = std::max(steps[i % kColumns], std::abs(w[i]) / 127);
    }
    double noise = 0;
    double signal = 0;
    for (size_t row = 0; row < x.size(); row += kChannels) {
      for (size_t o = 0; o < kColumns; ++o) {
        double exact = 0;
        double rounded = 0;
        for (size_t c = 0; c < kChannels; ++c) {
          const double weight = w[c * kColumns + o];
          exact += x[row + c] * weight;
          rounded += rounded_x(x[row + c]) * std::nearbyint(weight / steps[o]) * steps[o];
        }
        noise += (exact - rounded) * (exact - rounded);
        signal += exact * exact;
      }
    }
    return noise / signal;
  }
};

TEST(Smoothing, OfOutlierChannelsLowersTheErrorOfTheProduct) {
  const Problem problem(40);
  const std::vector<int> none(kChannels, 0);
  const auto found =
      choose_smoothing(problem.spread, std::span(&problem.matrix, 1), kGrid, whole_range, 1);
  ASSERT_TRUE(found);
  const double before = problem.error(none);
  const double after = problem.error(found->exponents);
  EXPECT_LT(after, before / 20);
  // The estimate that chose it is right, too.
  EXPECT_NEAR(10 * std::log10(before / after), found->gain_db, 1.5);
  for (size_t c = 0; c < kChannels; ++c) {
    if (c % 10 != 4) continue;
    EXPECT_GT(found->exponents[c], found->exponents[0]) << c;
  }
}

TEST(Smoothing, IsLeftAloneWhereChannelsAreAlike) {
  const Problem problem(1);
  EXPECT_FALSE(
      choose_smoothing(problem.spread, std::span(&problem.matrix, 1), kGrid, whole_range, 0.5));
}

/// Small gains are found only where they are asked for.
TEST(Smoothing, MustGainWhatIsAskedFor) {
  const Problem problem(3);
  const std::span matrices(&problem.matrix, 1);
  const auto found = choose_smoothing(problem.spread, matrices, kGrid, whole_range, 0.1);
  ASSERT_TRUE(found);
  EXPECT_FALSE(
      choose_smoothing(problem.spread, matrices, kGrid, whole_range, found->gain_db + 0.01));
}

TEST(Smoothing, OfLargeWeightsIsNoHelpIfActivationsAreAlike) {
  Problem problem(1);
  // One row decides the steps of all columns; its channel may well take some of that.
  for (size_t o = 0; o < kColumns; ++o) problem.matrix.values[3 * kColumns + o] *= 100;
  const auto found =
      choose_smoothing(problem.spread, std::span(&problem.matrix, 1), kGrid, whole_range, 0.1);
  if (!found) return;
  EXPECT_LE(problem.error(found->exponents), problem.error(std::vector<int>(kChannels, 0)));
}

TEST(Smoothing, NeedsValuesAndMatricesThatFit) {
  const Problem problem(40);
  EXPECT_FALSE(choose_smoothing(problem.spread, {}, kGrid, whole_range, 0));
  EXPECT_THROW(choose_smoothing({}, std::span(&problem.matrix, 1), kGrid, whole_range, 0),
               std::invalid_argument);
  ReadMatrix other = problem.matrix;
  other.values.pop_back();
  EXPECT_THROW(choose_smoothing(problem.spread, std::span(&other, 1), kGrid, whole_range, 0),
               std::invalid_argument);
}

/// What smoothed_statistics() says against what is counted of the divided values themselves: the
/// coarse buckets are the same, so counts agree up to the width of one.
TEST(SmoothedStatistics, AreThoseOfTheDividedValues) {
  const Problem problem(40);
  std::vector<int> exponents;
  for (size_t c = 0; c < kChannels; ++c) exponents.push_back(static_cast<int>(c % 7) - 2);
  const TensorStatistics told = smoothed_statistics(problem.spread, exponents);
  TensorStatistics counted;
  ChannelSpread spread;
  std::vector<float> divided = problem.rows;
  for (size_t i = 0; i < divided.size(); ++i) {
    divided[i] = std::ldexp(divided[i], -exponents[i % kChannels]);
  }
  counted.add(divided);
  EXPECT_EQ(told.extrema, counted.extrema);
  EXPECT_EQ(told.count(), counted.count());
  const uint32_t width =
      statistics::ValueHistogram::kBucketsPerOctave >> ChannelSpread::kMantissaBits;
  for (uint32_t o = 0; o < statistics::ValueHistogram::kOctaveCount; ++o) {
    const auto mine = told.histogram.octave_counts(o);
    const auto theirs = counted.histogram.octave_counts(o);
    ASSERT_EQ(mine.empty(), theirs.empty()) << o;
    for (uint32_t first = 0; first < mine.size(); first += width) {
      uint64_t mine_here = 0;
      uint64_t theirs_here = 0;
      for (uint32_t i = first; i < first + width; ++i) {
        mine_here += mine[i];
        theirs_here += theirs[i];
      }
      EXPECT_EQ(mine_here, theirs_here) << o << " " << first;
    }
  }
}

TEST(SmoothedStatistics, OfNothingAreEmpty) {
  EXPECT_EQ(smoothed_statistics({}, {}), TensorStatistics());
  EXPECT_THROW(smoothed_statistics({}, std::vector<int>{1}), std::invalid_argument);
}

TEST(SmoothedStatistics, ValuesThatLeaveTheFloatsAreZerosOrGone) {
  ChannelSpread spread;
  spread.add(std::vector<float>{1.0f, 0x1p-24f, 0x1p30f}, 3);
  const auto told = smoothed_statistics(spread, std::vector<int>{0, 120, -90});
  EXPECT_EQ(told.histogram.zero_count(), 1u);
  EXPECT_EQ(told.extrema.min, 0x1p-144f);
}

}  // namespace
}  // namespace rangefinder::refine
