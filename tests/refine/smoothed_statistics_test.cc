#include "refine/smoothed_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "refine/product_problem.h"

namespace rangefinder::refine {
namespace {

using statistics::ChannelSpread;
using statistics::TensorStatistics;

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
