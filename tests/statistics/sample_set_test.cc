#include "statistics/sample_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace rangefinder::statistics {
namespace {

using testing::ElementsAre;
using IndexRun = SampleSet::Run;

TEST(SampleSet, HoldsIndicesAsRuns) {
  const SampleSet set = SampleSet::of({7, 1, 2, 3, 9, 8});
  EXPECT_THAT(set.runs(), ElementsAre(IndexRun{1, 3}, IndexRun{7, 9}));
  EXPECT_EQ(set.count(), 6u);
  for (const uint64_t in : {1, 3, 7, 9}) EXPECT_TRUE(set.contains(in));
  for (const uint64_t out : {0, 4, 6, 10}) EXPECT_FALSE(set.contains(out));
  EXPECT_THROW(SampleSet::of({1, 2, 1}), std::invalid_argument);
}

/// The indices below `size` whose bits are set.
SampleSet of_bits(unsigned bits, unsigned size) {
  std::vector<uint64_t> indices;
  for (unsigned i = 0; i < size; ++i) {
    if ((bits >> i & 1) != 0) indices.push_back(i);
  }
  return SampleSet::of(std::move(indices));
}

TEST(SampleSet, UnionAndDifferenceAreThoseOfSets) {
  constexpr unsigned kSize = 6;
  for (unsigned a = 0; a < 1u << kSize; ++a) {
    for (unsigned b = 0; b < 1u << kSize; ++b) {
      EXPECT_EQ(of_bits(a, kSize).without(of_bits(b, kSize)), of_bits(a & ~b, kSize));
      SampleSet both = of_bits(a, kSize);
      both.unite(of_bits(b, kSize));
      EXPECT_EQ(both, of_bits(a | b, kSize)) << a << ' ' << b;
    }
  }
}

TEST(SampleSet, TheLargestIndexIsOneLikeTheOthers) {
  const SampleSet all = SampleSet::from_runs({{0, UINT64_MAX - 1}});
  const SampleSet last = SampleSet::from_runs({{UINT64_MAX - 1, UINT64_MAX}});
  EXPECT_EQ(last.without(all), SampleSet::of({UINT64_MAX}));
  EXPECT_EQ(last.without(SampleSet::of({UINT64_MAX})), SampleSet::of({UINT64_MAX - 1}));
}

TEST(SampleSet, TellsHowManyIndicesAreLess) {
  const SampleSet set = SampleSet::of({2, 3, 4, 8, 20});
  const std::vector<uint64_t> expected = {0, 0, 0, 1, 2, 3, 3, 3, 3, 4};
  for (uint64_t i = 0; i < expected.size(); ++i) EXPECT_EQ(set.rank(i), expected[i]) << i;
  EXPECT_EQ(set.rank(UINT64_MAX), 5u);
}

TEST(SampleSet, ASliceCountsInAscendingOrder) {
  const SampleSet set = SampleSet::of({2, 3, 4, 8, 9, 20});
  for (uint64_t begin = 0; begin <= 7; ++begin) {
    for (uint64_t end = begin; end <= 8; ++end) {
      std::vector<uint64_t> expected;
      const std::vector<uint64_t> all = {2, 3, 4, 8, 9, 20};
      for (uint64_t i = begin; i < std::min<uint64_t>(end, 6); ++i) expected.push_back(all[i]);
      EXPECT_EQ(set.slice(begin, end), SampleSet::of(expected)) << begin << ' ' << end;
    }
  }
}

TEST(SampleSet, ShardsMergeToTheWholeInAnyOrder) {
  const SampleSet whole = SampleSet::of({0, 1, 2, 3, 4, 5});
  const SampleSet even = SampleSet::of({0, 2, 4});
  const SampleSet odd = SampleSet::of({1, 3, 5});
  SampleSet forward = even;
  forward.merge(odd);
  SampleSet backward = odd;
  backward.merge(even);
  EXPECT_EQ(forward, whole);
  EXPECT_EQ(backward, whole);
  forward.merge({});
  EXPECT_EQ(forward, whole);
}

TEST(SampleSet, RefusesToMergeWhatOverlaps) {
  const SampleSet low = SampleSet::of({0, 1, 2, 3});
  const SampleSet middle = SampleSet::of({3, 4});
  const SampleSet high = SampleSet::of({4, 9});
  EXPECT_TRUE(low.overlaps(middle));
  EXPECT_TRUE(middle.overlaps(low));
  EXPECT_FALSE(low.overlaps(high));
  EXPECT_FALSE(low.overlaps({}));
  SampleSet set = low;
  EXPECT_THROW(set.merge(middle), std::invalid_argument);
}

TEST(SampleSet, TakesOnlyRunsInItsOwnForm) {
  EXPECT_EQ(SampleSet::from_runs({{0, 1}, {3, 3}}), SampleSet::of({0, 1, 3}));
  EXPECT_THROW(SampleSet::from_runs({{0, 1}, {2, 3}}), std::invalid_argument);
  EXPECT_THROW(SampleSet::from_runs({{2, 1}}), std::invalid_argument);
  EXPECT_THROW(SampleSet::from_runs({{5, 6}, {1, 2}}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::statistics
