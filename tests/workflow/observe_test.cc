#include "workflow/observe.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <stdexcept>

#include "base/error.h"
#include "engine/packed_model.h"
#include "engine/session.h"
#include "engine/work_counts.h"
#include "support/local_ranks.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ObserveTest : public WorkflowTest {
 protected:
  std::unique_ptr<Samples> first(size_t count, data::Shard shard = {}) const {
    return split_samples(open_input({samples()}), {.samples = count, .shard = shard});
  }
};

TEST_F(ObserveTest, GathersWhatEveryMethodNeeds) {
  const Plan plan = make_plan(model());
  const auto file = observe(plan, *first(8), plan.observed(default_rows(plan)), {});
  EXPECT_EQ(file.model_fingerprint, plan.prepared.fingerprint.get());
  EXPECT_EQ(file.plan_fingerprint, plan.fingerprint());
  EXPECT_EQ(file.sample_count(), 8u);
  ASSERT_EQ(file.tensors.size(), 4u);
  EXPECT_EQ(file.tensors[0].name, "x");
  EXPECT_EQ(file.tensors[0].channels[0].count(), 8u * 3 * 8 * 8);
  EXPECT_EQ(file.tensors[0].batch_figures[0].batch_count(), 8u);
  EXPECT_FALSE(file.tensors[0].row_top);
  EXPECT_EQ(file.tensors[3].name, "h");
  EXPECT_EQ(file.tensors[3].row_top->row_count(), 8u);
}

TEST_F(ObserveTest, AnEmptyShardMergesWithTheOthers) {
  const Plan plan = make_plan(model());
  const auto shard = [&](size_t index) {
    return observe(plan, *first(2, {.index = index, .count = 3}), plan.observed(default_rows(plan)),
                   {});
  };
  statistics::StatisticsFile sum = shard(2);
  EXPECT_EQ(sum.sample_count(), 0u);
  sum.merge(shard(1));
  sum.merge(shard(0));
  EXPECT_TRUE(sum == observe(plan, *first(2), plan.observed(default_rows(plan)), {}));
}

TEST_F(ObserveTest, AddsUpTheInputsOfWeights) {
  const Plan plan = make_plan(model());
  const auto wanted = plan.observed_with_sums();
  // "flat" has the codes of "mean", and is here for its sums alone.
  ASSERT_EQ(wanted.size(), 5u);
  EXPECT_EQ(wanted[4],
            (engine::ObservedTensor{.name = "flat", .sum_axis = 1, .is_counted = false}));
  const auto file = observe(plan, *first(8), wanted, {});
  const auto& x = file.tensors[0];
  EXPECT_EQ(x.sum_axis, 1);
  EXPECT_EQ(x.channel_sums.value_count(), 8u * 64);
  std::array<double, 3> sums = {};
  for (const auto& part : x.channel_sums.parts()) {
    for (size_t c = 0; c < part.sums.size(); ++c) sums[c] += part.sums[c].value();
  }
  std::array<double, 3> expected = {};
  const auto set = first(8);
  const auto feed = set->calibration();
  while (const auto pending = feed()) {
    const auto sample = pending->read({});
    const auto values = sample.begin()->second.floats();
    for (size_t i = 0; i < values.size(); ++i) expected[i / 64] += double{values[i]};
  }
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(sums[c], expected[c], 1e-3) << c;
  EXPECT_TRUE(file.tensors[4].holds_sums_alone);
  EXPECT_TRUE(file.tensors[4].channels.empty());
  EXPECT_EQ(file.tensors[4].channel_sums.channel_count(), 8u);
  EXPECT_EQ(file.tensors[4].channel_sums.value_count(), 8u);
  EXPECT_FALSE(file.tensors[1].sum_axis) << "no weights read it";
}

TEST_F(ObserveTest, ShardsGiveTheSumsOfTheWholeRun) {
  const Plan plan = make_plan(model());
  const auto wanted = plan.observed_with_sums();
  const auto whole = observe(plan, *first(10), wanted, {.jobs = 1});
  const auto shard = [&](size_t index) {
    return observe(plan, *first(10, {.index = index, .count = 3}), wanted, {.jobs = 2});
  };
  statistics::StatisticsFile sum = shard(1);
  sum.merge(shard(2));
  sum.merge(shard(0));
  EXPECT_EQ(statistics::serialize(sum), statistics::serialize(whole));
  const auto without = observe(plan, *first(10), plan.observed(), {});
  EXPECT_THROW(sum.merge(without), Error);
}

TEST_F(ObserveTest, ARunThatIsKilledGoesOnWithTheSameBytes) {
  const Plan plan = make_plan(model());
  const auto wanted = plan.observed_with_sums(default_rows(plan));
  const auto whole = observe(plan, *first(10), wanted, {.jobs = 1});
  const PassOptions options{.checkpoint = {.file = file("run.ckpt"), .every = 3}};
  for (const int jobs : {1, 2}) {
    RunControl killed{.jobs = jobs};
    killed.progress = [](const std::string&, size_t done, size_t) {
      if (done == 5) throw std::logic_error("killed");
    };
    EXPECT_THROW(observe(plan, *first(10), wanted, killed, options), std::logic_error);
    EXPECT_TRUE(std::filesystem::exists(file("run.ckpt")));
    size_t least = 100;
    RunControl control{.jobs = jobs};
    control.progress = [&](const std::string&, size_t done, size_t) {
      least = std::min(least, done);
    };
    EXPECT_TRUE(observe(plan, *first(10), wanted, control, options) == whole);
    EXPECT_EQ(least, 4u) << "three samples were done";
    remove_checkpoint(options);
  }
}

TEST_F(ObserveTest, OutputsOfSamplesThatJudgeAreKeptAndChangeNothing) {
  const Plan plan = make_plan(model());
  const auto wanted = plan.observed_with_sums(default_rows(plan));
  const auto plain = observe_both(plan, *first(10), wanted, {.jobs = 1});
  engine::Session session(engine::runnable(model()));
  const auto list = as_list(open_input({samples()}));
  for (const int jobs : {1, 3}) {
    analysis::KnownOutputs known;
    const auto set = first(10);
    const uint64_t before = engine::work_counts().runs;
    const auto both = observe_both(plan, *set, wanted, {.jobs = jobs}, {}, &known);
    EXPECT_EQ(engine::work_counts().runs - before, 12u) << "each sample once";
    EXPECT_TRUE(both.statistics == plain.statistics);
    EXPECT_TRUE(both.held_out == plain.held_out);
    EXPECT_EQ(both.held_out_look, plain.held_out_look);
    EXPECT_TRUE(known.are_borrowed());
    // Two are held out, all ten others join them.
    const auto held_out = set->held_out();
    ASSERT_EQ(held_out->size(), 2u);
    for (size_t i = 0; i < 12; ++i) {
      const auto values = known.find(i, std::array<std::string, 1>{"y"});
      ASSERT_NE(values, nullptr) << i;
      const auto sample = i < 2 ? held_out->read(i) : list->read(i - 2);
      const auto expected = session.run(sample).at("y");
      for (size_t k = 0; k < 5; ++k) {
        EXPECT_NEAR(values->at("y").floats()[k], expected.floats()[k], 1e-5f) << i;
      }
    }
  }
}

TEST_F(ObserveTest, OutputsThatAreTooMuchAreNotKept) {
  const Plan plan = make_plan(model());
  for (const uint64_t room : {20u, 60u, 230u, 240u}) {  // An output is of 20 bytes.
    analysis::KnownOutputs known(room);
    observe_both(plan, *first(10), plan.observed(), {.jobs = 2}, {}, &known);
    EXPECT_EQ(known.bytes(), room == 240 ? 240u : 0u);
  }
}

TEST_F(ObserveTest, RanksGiveTheBytesOfOneProcess) {
  const Plan plan = make_plan(model());
  const auto wanted = plan.observed_with_sums(default_rows(plan));
  const auto whole = observe_both(plan, *first(10), wanted, {.jobs = 1});
  for (const size_t size : {1u, 2u, 4u, 8u}) {
    test_support::LocalRanks ranks(size);
    ranks.run([&](Communicator& mine) {
      const auto both = observe_both(plan, *first(10), wanted, {.jobs = 1}, {.ranks = &mine});
      EXPECT_TRUE(both.statistics == whole.statistics) << mine.rank() << " of " << size;
      EXPECT_EQ(both.look, whole.look);
      const bool is_first = mine.rank() == 0;
      EXPECT_EQ(both.held_out.size(), is_first ? whole.held_out.size() : 0u);
    });
  }
}

TEST_F(ObserveTest, RanksWithOtherDataAreNamed) {
  const Plan plan = make_plan(model());
  test_support::LocalRanks ranks(3);
  try {
    ranks.run([&](Communicator& mine) {
      observe(plan, *first(mine.rank() == 1 ? 9 : 10), plan.observed(), {}, {.ranks = &mine});
    });
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("rank 1: belongs to another run: data '9 samples"));
  }
}

TEST_F(ObserveTest, ShowsRawBatchesSampleBySample) {
  const Plan plan = make_plan(model());
  const auto set = first(3);
  std::map<size_t, std::vector<std::vector<float>>> seen;
  show_raw(plan, *set, {"h", "x"},
           [&](size_t tensor, const tensor::TensorView& batch) {
             const auto values = batch.floats();
             seen[tensor].emplace_back(values.begin(), values.end());
           },
           {});
  ASSERT_EQ(seen[0].size(), 3u);
  ASSERT_EQ(seen[1].size(), 3u);
  EXPECT_EQ(seen[0][0].size(), 16u);
  for (size_t i = 0; i < 3; ++i) {
    const tensor::NamedTensors sample = data::open_samples({samples()})->read(i);
    const auto expected = sample.begin()->second.floats();
    EXPECT_EQ(seen[1][i], std::vector<float>(expected.begin(), expected.end())) << i;
  }
}

TEST_F(ObserveTest, StatisticsBelongToAModelAndAPlan) {
  const Plan plan = make_plan(model());
  statistics::StatisticsFile file{.model_fingerprint = plan.prepared.fingerprint.get()};
  for (const char* name : {"x", "r", "mean", "h", "more"}) file.tensors.push_back({.name = name});
  EXPECT_NO_THROW(require_match(plan, file, "a.rfs"));
  const auto refusal = [&] {
    try {
      require_match(plan, file, "a.rfs");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  file.tensors[2].name = "other";
  EXPECT_THAT(refusal(), HasSubstr("a.rfs: tensor 'mean': is not among what was observed"));
  ++file.model_fingerprint;
  EXPECT_THAT(refusal(), HasSubstr("another model"));
}

}  // namespace
}  // namespace rangefinder::workflow
