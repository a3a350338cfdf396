#include "analysis/value_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <stdexcept>

namespace rangefinder::analysis {
namespace {

using testing::Le;
using testing::SizeIs;

std::vector<float> ramp(size_t count, float from = 0) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), from);
  return values;
}

ValuePairs of(const std::vector<float>& real, const std::vector<float>& restored) {
  ValuePairs pairs;
  pairs.add(real, restored);
  return pairs;
}

TEST(ValuePairs, FewAreAllKeptInOrder) {
  const auto pairs = of({1, 2}, {1.5, 2.5}).pairs();
  ASSERT_THAT(pairs, SizeIs(2));
  EXPECT_EQ(pairs[1], (ValuePair{2, 2.5}));
}

TEST(ValuePairs, ManyAreSpreadOverTheSample) {
  const auto values = ramp(100000);
  const auto pairs = of(values, values).pairs();
  EXPECT_THAT(pairs, SizeIs(ValuePairs::kPerSample));
  std::set<int> tenths;
  for (const auto& pair : pairs) tenths.insert(static_cast<int>(pair.real / 10000));
  EXPECT_THAT(tenths, SizeIs(10));
}

TEST(ValuePairs, ManySamplesAreAllThere) {
  ValuePairs all;
  for (size_t i = 0; i < 40; ++i) {
    const auto values = ramp(1000, static_cast<float>(1000 * i));
    all.merge(of(values, values));
  }
  EXPECT_THAT(all.pairs(), SizeIs(Le(ValuePairs::kMost)));
  EXPECT_GT(all.pairs().size(), ValuePairs::kMost / 4);
  std::set<int> samples;
  std::set<int> places;
  for (const auto& pair : all.pairs()) {
    samples.insert(static_cast<int>(pair.real) / 1000);
    places.insert(static_cast<int>(pair.real) % 1000);
  }
  EXPECT_THAT(samples, SizeIs(40));
  // The naive form, which drops the same places of each sample, keeps a dozen.
  EXPECT_GT(places.size(), 150);
}

TEST(ValuePairs, WhatIsNotFiniteIsLeftOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(of({1, nan, 3}, {1, 2, INFINITY}).pairs(), SizeIs(1));
}

TEST(ValuePairs, AnEmptySampleChangesNothingAndOddOnesAreRefused) {
  EXPECT_THAT(of({}, {}).pairs(), SizeIs(0));
  EXPECT_THROW(of({1}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analysis
