#include "workflow/observe.h"

#include <gmock/gmock.h>

#include <map>

#include "base/error.h"
#include "engine/session.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ObserveTest : public WorkflowTest {
 protected:
  data::DataOptions data(size_t count) const { return {.paths = {samples()}, .samples = count}; }
};

TEST_F(ObserveTest, SplitsBeforeAnythingIsCounted) {
  const Samples set = open_samples(data(8));
  EXPECT_EQ(set.calibration->size(), 8u);
  EXPECT_EQ(set.indices, statistics::SampleSet::of({0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(set.held_out->size(), 4u);
  EXPECT_EQ(set.fingerprint, open_samples(data(3)).fingerprint) << "of the whole data set";
}

TEST_F(ObserveTest, AShardSeesItsPart) {
  data::DataOptions options = data(8);
  options.shard = {.index = 1, .count = 3};
  const Samples set = open_samples(options);
  EXPECT_EQ(set.indices, statistics::SampleSet::of({1, 4, 7}));
  EXPECT_EQ(set.calibration->name(0), (samples() / "1.npy").string());
  EXPECT_EQ(set.held_out->size(), 4u) << "the same for all shards";
}

TEST_F(ObserveTest, GathersWhatEveryMethodNeeds) {
  const Plan plan = make_plan(model());
  const auto file = observe(plan, open_samples(data(8)), default_rows(plan), {});
  EXPECT_EQ(file.model_fingerprint, plan.prepared.fingerprint);
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
    data::DataOptions options = data(2);
    options.shard = {.index = index, .count = 3};
    return observe(plan, open_samples(options), default_rows(plan), {});
  };
  statistics::StatisticsFile sum = shard(2);
  EXPECT_EQ(sum.sample_count(), 0u);
  sum.merge(shard(1));
  sum.merge(shard(0));
  EXPECT_TRUE(sum == observe(plan, open_samples(data(2)), default_rows(plan), {}));
}

TEST_F(ObserveTest, ShowsRawBatchesSampleBySample) {
  const Plan plan = make_plan(model());
  const Samples set = open_samples(data(3));
  std::map<size_t, std::vector<std::vector<float>>> seen;
  show_raw(plan, set, {"h", "x"},
           [&](size_t tensor, const tensor::TensorView& batch) {
             const auto values = batch.floats();
             seen[tensor].emplace_back(values.begin(), values.end());
           },
           {});
  ASSERT_EQ(seen[0].size(), 3u);
  ASSERT_EQ(seen[1].size(), 3u);
  EXPECT_EQ(seen[0][0].size(), 16u);
  for (size_t i = 0; i < 3; ++i) {
    const tensor::NamedTensors sample = set.calibration->read(i);
    const auto expected = sample.begin()->second.floats();
    EXPECT_EQ(seen[1][i], std::vector<float>(expected.begin(), expected.end())) << i;
  }
}

TEST_F(ObserveTest, StatisticsBelongToAModelAndAPlan) {
  const Plan plan = make_plan(model());
  statistics::StatisticsFile file{.model_fingerprint = plan.prepared.fingerprint};
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
