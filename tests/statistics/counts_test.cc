#include "statistics/counts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "base/error.h"
#include "statistics/codec.h"
#include "statistics/statistics_file.h"

namespace rangefinder::statistics {
namespace {

TEST(AddCounts, ThrowsInsteadOfWrapping) {
  EXPECT_EQ(add_counts(1, 2), 3u);
  EXPECT_EQ(add_counts(kMostCounted - 1, 1), kMostCounted);
  EXPECT_THROW(add_counts(kMostCounted, 1), Error);
  EXPECT_THROW(add_counts(std::numeric_limits<uint64_t>::max(), 1), Error);
  EXPECT_THROW(add_counts(0, std::numeric_limits<uint64_t>::max()), Error);
}

/// As many ones as are counted at most.
TensorStatistics full() {
  TensorStatistics statistics;
  statistics.extrema.add(1);
  statistics.histogram.add(1, kMostCounted);
  return statistics;
}

template <typename State, typename Decode>
State read_back(const State& state, Decode decode) {
  WireWriter writer;
  encode(state, writer);
  const std::string bytes = writer.bytes();
  WireReader reader(bytes, "f");
  return decode(reader);
}

TEST(Counts, OfATensorDoNotWrapWhenMerged) {
  TensorStatistics statistics = full();
  TensorStatistics one;
  one.add(std::vector<float>{2});
  const TensorStatistics before = statistics;
  EXPECT_THROW(statistics.merge(one), Error);
  EXPECT_EQ(statistics, before) << "nothing was added";
  EXPECT_THROW(one.merge(before), Error);
  statistics.merge({});
}

TEST(Counts, OfATensorThatNobodyCanHaveCountedAreNoStatistics) {
  EXPECT_EQ(read_back(full(), decode_tensor_statistics), full());
  TensorStatistics statistics = full();
  statistics.extrema.add(NAN);
  EXPECT_THROW(read_back(statistics, decode_tensor_statistics), Error) << "one NaN too many";
  statistics = full();
  statistics.histogram.add_zeros(std::numeric_limits<uint64_t>::max() - kMostCounted + 1);
  EXPECT_EQ(statistics.histogram.count(), 0u) << "wrapped: nothing to a reader that only adds";
  EXPECT_THROW(read_back(statistics, decode_tensor_statistics), Error);
  TensorStatistics nans;
  nans.extrema.nan_count = std::numeric_limits<uint64_t>::max();
  EXPECT_THROW(read_back(nans, decode_tensor_statistics), Error);
}

TEST(Counts, OfRowsDoNotWrap) {
  RowTop one(1);
  one.add_row(std::vector<float>{1, 2});
  std::map<RowTop::Tuple, uint64_t> tuples = one.tuples();
  tuples.begin()->second = kMostCounted;
  const RowTop rows = RowTop::restore(1, 0, 0, tuples);
  EXPECT_EQ(read_back(rows, decode_row_top), rows);
  RowTop merged = rows;
  EXPECT_THROW(merged.merge(one), Error);
  EXPECT_EQ(merged, rows);
  EXPECT_THROW(read_back(RowTop::restore(1, 0, 1, tuples), decode_row_top), Error);
}

TEST(Counts, OfBatchesDoNotWrap) {
  const auto figures = [](uint64_t count) { return BatchFigures::restore(count, {}, {}, {}); };
  BatchFigures merged = figures(kMostCounted);
  EXPECT_THROW(merged.merge(figures(1)), Error);
  EXPECT_EQ(merged, figures(kMostCounted));
  EXPECT_EQ(read_back(merged, decode_batch_figures), merged);
  EXPECT_THROW(read_back(figures(kMostCounted + 1), decode_batch_figures), Error);
}

TEST(Counts, OfSamplesDoNotWrap) {
  const SampleSet many = SampleSet::from_runs({{0, kMostCounted - 1}});
  EXPECT_EQ(read_back(many, decode_sample_set), many);
  SampleSet merged = many;
  EXPECT_THROW(merged.merge(SampleSet::of({kMostCounted + 7})), Error);
  EXPECT_EQ(merged, many);
  EXPECT_THROW(read_back(SampleSet::from_runs({{0, kMostCounted}}), decode_sample_set), Error);
  StatisticsFile file{.model_fingerprint = 1, .plan_fingerprint = 2};
  file.samples[1] = many;
  file.samples[2] = SampleSet::of({0});
  EXPECT_THROW(file.sample_count(), Error);
  EXPECT_THROW(parse_statistics(serialize(file), "f.rfs"), Error);
  StatisticsFile other{.model_fingerprint = 1, .plan_fingerprint = 2};
  other.samples[2] = SampleSet::of({0});
  file.samples.erase(2);
  EXPECT_THROW(file.merge(other, "other.rfs"), Error);
  EXPECT_EQ(file.samples.size(), 1u);
}

}  // namespace
}  // namespace rangefinder::statistics
