#include "statistics/sample_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

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
