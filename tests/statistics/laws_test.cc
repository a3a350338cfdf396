// The laws that make statistics fit for batches, workers, shards and resumed runs, for all of them:
//   split: counting in pieces is counting at once      empty: an empty statistic changes nothing
//   merge: two statistics add up to the whole          order: the order of values makes no
//   difference
// Equality is of every bit of state.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <span>
#include <vector>

#include "statistics/batch_figures.h"
#include "statistics/channel_spread.h"
#include "statistics/channel_sums.h"
#include "statistics/counter.h"
#include "statistics/exact_sum.h"
#include "statistics/extrema.h"
#include "statistics/row_top.h"
#include "statistics/sample_set.h"
#include "statistics/samples.h"
#include "statistics/tensor_statistics.h"
#include "statistics/value_histogram.h"

namespace rangefinder::statistics {
namespace {

/// How a statistic is fed for this test; `State` is what the laws speak of. Items are what may be
/// split and reordered: values, rows or batches.
struct OfHistogram {
  using State = ValueHistogram;
  static std::vector<float> items() { return mixed_values(5'000, 5, false); }
  static void add(std::span<const float> items, State& state) {
    for (const float value : items) state.add(value);
  }
};

struct OfExtrema {
  using State = Extrema;
  static std::vector<float> items() { return mixed_values(5'000, 6, true); }
  static void add(std::span<const float> items, State& state) {
    for (const float value : items) state.add(value);
  }
};

struct OfTensorStatistics {
  using State = TensorStatistics;
  static std::vector<float> items() { return mixed_values(20'000, 7, true); }
  static void add(std::span<const float> items, State& state) { state.add(items); }
};

struct OfCounter {
  using State = TensorStatistics;
  static std::vector<float> items() { return mixed_values(60'000, 8, true); }
  static void add(std::span<const float> items, State& state) { Counter().count(items, state); }
};

struct OfExactSum {
  using State = ExactSum;
  static std::vector<float> items() { return mixed_values(5'000, 10, false); }
  static void add(std::span<const float> items, State& state) {
    for (const float value : items) state.add(value);
  }
};

struct OfBatchFigures {
  using State = BatchFigures;
  static std::vector<Extrema> items() {
    std::vector<Extrema> batches(500);
    for (size_t i = 0; i < batches.size(); ++i) {
      for (const float value : mixed_values(9, static_cast<uint32_t>(i), true))
        batches[i].add(value);
    }
    return batches;
  }
  static void add(std::span<const Extrema> items, State& state) {
    for (const Extrema& batch : items) state.add(batch);
  }
};

/// More different rows than are kept exactly, so that the laws hold while precision is given up.
struct OfRowTop {
  using State = RowTop;
  using Row = std::array<float, 3>;
  static std::vector<Row> items() {
    std::mt19937 random(11);
    std::normal_distribution<float> normal;
    std::vector<Row> rows(RowTop::kMaxTuples + 3'000);
    for (Row& row : rows) row = {normal(random), normal(random), normal(random)};
    return rows;
  }
  static void add(std::span<const Row> items, State& state) {
    for (const Row& row : items) state.add_row(row);
  }
};

struct OfSampleSet {
  using State = SampleSet;
  static std::vector<uint64_t> items() {
    std::vector<uint64_t> indices;
    for (uint64_t i = 0; i < 500; ++i) indices.push_back(i + i / 7);
    return indices;
  }
  static void add(std::span<const uint64_t> items, State& state) {
    state.merge(SampleSet::of({items.begin(), items.end()}));
  }
};

struct OfChannelSums {
  using State = ChannelSums;
  struct Entry {
    int exponent;
    std::array<int64_t, 3> sums;
  };
  static std::vector<Entry> items() {
    std::mt19937 random(13);
    std::vector<Entry> entries(500);
    for (Entry& entry : entries) {
      entry.exponent = static_cast<int>(random() % 200) - 123;
      for (int64_t& sum : entry.sums) sum = static_cast<int64_t>(random()) - (int64_t{1} << 31);
    }
    return entries;
  }
  static void add(std::span<const Entry> items, State& state) {
    for (const Entry& entry : items) state.add({entry.exponent, 9, entry.sums});
  }
};

struct OfChannelSpread {
  using State = ChannelSpread;
  using Row = std::array<float, 3>;
  static std::vector<Row> items() {
    const std::vector<float> values = mixed_values(6'000, 17, true);
    std::vector<Row> rows(values.size() / 3);
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i] = {values[3 * i], values[3 * i + 1], values[3 * i + 2]};
    }
    return rows;
  }
  static void add(std::span<const Row> items, State& state) {
    for (const Row& row : items) state.add(row, row.size());
  }
};

template <class Subject>
class Laws : public testing::Test {
 protected:
  using State = typename Subject::State;

  template <class Items>
  static State of(const Items& items) {
    State state;
    Subject::add(items, state);
    return state;
  }
};

using Subjects =
    testing::Types<OfHistogram, OfExtrema, OfTensorStatistics, OfCounter, OfExactSum,
                   OfBatchFigures, OfRowTop, OfSampleSet, OfChannelSums, OfChannelSpread>;
TYPED_TEST_SUITE(Laws, Subjects);

TYPED_TEST(Laws, SplitAnywhere) {
  const auto items = TypeParam::items();
  const std::span all(items);
  const auto whole = this->of(all);
  for (const size_t cut : {size_t{0}, size_t{1}, items.size() / 3, items.size()}) {
    typename TypeParam::State state;
    TypeParam::add(all.first(cut), state);
    TypeParam::add(all.subspan(cut), state);
    EXPECT_TRUE(state == whole) << "cut at " << cut;
  }
}

TYPED_TEST(Laws, MergeInAnyGrouping) {
  const auto items = TypeParam::items();
  const std::span all(items);
  const size_t third = items.size() / 3;
  const auto a = this->of(all.first(third));
  const auto b = this->of(all.subspan(third, third));
  const auto c = this->of(all.subspan(2 * third));
  auto left = a;
  left.merge(b);
  left.merge(c);
  auto right = c;
  right.merge(b);
  right.merge(a);
  EXPECT_TRUE(left == this->of(all));
  EXPECT_TRUE(right == left);
}

TYPED_TEST(Laws, EmptyChangesNothing) {
  const auto items = TypeParam::items();
  const auto whole = this->of(std::span(items));
  auto state = whole;
  state.merge({});
  EXPECT_TRUE(state == whole);
  typename TypeParam::State empty;
  empty.merge(whole);
  EXPECT_TRUE(empty == whole);
  EXPECT_FALSE(whole == typename TypeParam::State());
}

TYPED_TEST(Laws, OrderMakesNoDifference) {
  auto items = TypeParam::items();
  const auto whole = this->of(std::span(items));
  std::mt19937 random(9);
  for (int round = 0; round < 3; ++round) {
    std::ranges::shuffle(items, random);
    EXPECT_TRUE(this->of(std::span(items)) == whole);
  }
}

TYPED_TEST(Laws, ACopyLivesOnItsOwn) {
  const auto items = TypeParam::items();
  const std::span all(items);
  const auto half = this->of(all.first(items.size() / 2));
  auto copy = half;
  TypeParam::add(all.subspan(items.size() / 2), copy);
  EXPECT_FALSE(copy == half);
  copy = half;
  EXPECT_TRUE(copy == half);
}

}  // namespace
}  // namespace rangefinder::statistics
