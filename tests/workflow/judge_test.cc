#include "workflow/judge.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <set>

#include "engine/work_counts.h"
#include "workflow/compare.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::ElementsAre;

class JudgeTest : public WorkflowTest {
 protected:
  JudgedPowers judged(const engine::ModelSource& model, int jobs, size_t* sample_count = nullptr) {
    const Plan plan = make_plan(this->model());
    const auto set = split_samples(open_input({samples()}), {.samples = 8});
    for (auto feed = set->calibration(); feed();) {
    }
    Judge judge(plan, *set, {.jobs = jobs});
    if (sample_count) *sample_count = judge.sample_count();
    judge.measure(model);
    return judge.measure(model);
  }
};

TEST_F(JudgeTest, MeasuresWhatCompareMeasuresOnAllSamples) {
  auto request = quantize_request("int8.onnx");
  request.effort = Effort::kFast;
  quantize(request);
  size_t count = 0;
  const auto found = judged(file("int8.onnx"), 2, &count);
  EXPECT_EQ(count, kSampleCount);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].size(), kSampleCount);
  const auto compared = compare({.float_model = model(),
                                 .quantized_model = file("int8.onnx"),
                                 .samples = open_input({samples()})});
  EXPECT_NEAR(analysis::sqnr_db(found[0]).value(), compared.outputs[0].sqnr_db, 1e-6)
      << "the second time, too, when float values are kept";
}

TEST_F(JudgeTest, IsTheSameForAnyNumberOfJobs) {
  auto request = quantize_request("int8.onnx");
  request.effort = Effort::kFast;
  quantize(request);
  const auto one = judged(file("int8.onnx"), 1);
  const auto four = judged(file("int8.onnx"), 4);
  EXPECT_EQ(analysis::sqnr_db(one[0]), analysis::sqnr_db(four[0]));
  EXPECT_EQ(analysis::noise_bound(one[0]), analysis::noise_bound(four[0]));
}

TEST_F(JudgeTest, EndsAsSoonAsTheAimIsOutOfReachAndSaysSoTheSameWay) {
  auto request = quantize_request("int8.onnx");
  request.effort = Effort::kFast;
  quantize(request);
  const Plan plan = make_plan(model());
  const auto set = split_samples(open_input({samples()}), {.samples = 8});
  for (auto feed = set->calibration(); feed();) {
  }
  Judge judge(plan, *set, {.jobs = 1});
  const auto all = judge.measure(file("int8.onnx"), 200);
  EXPECT_EQ(all[0].size(), kSampleCount) << "the first model is measured to the end";
  const auto some = judge.measure(file("int8.onnx"), 200);
  EXPECT_EQ(some[0].size(), 1u) << "the first sample's noise is more than all may have";
  EXPECT_LT(worst_sqnr_db(some), 200);
  const double reached = worst_sqnr_db(all);
  EXPECT_EQ(worst_sqnr_db(judge.measure(file("int8.onnx"), reached)), reached);
}

TEST_F(JudgeTest, RunsTheFloatModelOnlyOnWhatIsNotKnown) {
  auto request = quantize_request("int8.onnx");
  request.effort = Effort::kFast;
  quantize(request);
  const Plan plan = make_plan(model());
  const auto set = split_samples(open_input({samples()}), {.samples = 8});
  analysis::KnownOutputs known;
  const auto runs = [&](Judge& judge) {
    const uint64_t before = engine::work_counts().runs;
    judge.measure(file("int8.onnx"));
    return engine::work_counts().runs - before;
  };
  Judge first(plan, *set, {.jobs = 2}, &known);
  EXPECT_EQ(runs(first), 2 * kSampleCount);
  EXPECT_EQ(runs(first), kSampleCount);
  EXPECT_TRUE(known.are_borrowed()) << "of the prepared model";
  known.set_borrowed(false);
  const uint64_t sessions = engine::work_counts().sessions;
  Judge second(plan, *set, {.jobs = 2}, &known);
  EXPECT_EQ(runs(second), kSampleCount);
  EXPECT_EQ(engine::work_counts().sessions, sessions + 1) << "the float model is not opened";
  known.set_borrowed(true);
  Judge third(plan, *set, {.jobs = 2}, &known);
  EXPECT_EQ(runs(third), 2 * kSampleCount) << "what nobody checked does not judge";
}

TEST_F(JudgeTest, TheNoisiestSamplesAreThoseOfMostNoiseInTheFirstModel) {
  auto request = quantize_request("int8.onnx");
  request.effort = Effort::kFast;
  quantize(request);
  const Plan plan = make_plan(model());
  const auto set = split_samples(open_input({samples()}), {.samples = 8});
  for (auto feed = set->calibration(); feed();) {
  }
  Judge judge(plan, *set, {.jobs = 1});
  EXPECT_EQ(judge.noisiest(2).count, 0u) << "none was judged yet";
  const auto powers = judge.measure(file("int8.onnx"))[0];
  // The calibration samples come behind those that are held out.
  const size_t held_out = set->held_out()->size();
  size_t worst = held_out;
  for (size_t i = held_out; i < powers.size(); ++i) {
    if (powers[i].noise > powers[worst].noise) worst = i;
  }
  const auto one = judge.noisiest(1);
  EXPECT_EQ(one.count, 1u);
  const auto list = as_list(open_input({samples()}), 8);
  EXPECT_EQ(one.feed()->name, list->name(worst - held_out));
  EXPECT_FALSE(one.feed());
  EXPECT_EQ(judge.noisiest(100).count, powers.size());
  std::set<std::string> names;
  for (const auto& part : {judge.noisiest(2), judge.noisiest(5, 2)}) {
    while (const auto sample = part.feed()) names.insert(sample->name);
  }
  EXPECT_EQ(names.size(), 5u) << "those that are known come no second time";
  EXPECT_EQ(judge.noisiest(5, 2).count, 3u);
  EXPECT_EQ(judge.noisiest(2, 5).count, 0u);
}

TEST(WorstSqnr, IsThatOfTheWorstQuantityWithASignal) {
  EXPECT_EQ(worst_sqnr_db({}), std::numeric_limits<double>::infinity());
  EXPECT_NEAR(worst_sqnr_db({{{100, 1}}, {{100, 0.1}}, {{0, 5}}}), 20, 1e-9);
}

TEST(WorstSqnr, IsABoundWhereSamplesTellOne) {
  // Noise 1 and 9: mean 5, standard deviation sqrt(32).
  const double bound = 10 + 1.64 * std::sqrt(32.0 * 2);
  EXPECT_NEAR(worst_sqnr_db({{{100, 1}, {100, 9}}}), 10 * std::log10(200 / bound), 1e-9);
}

TEST(NoiseByQuantity, IsTheShareThatTheBoundAllows) {
  const JudgedPowers powers = {{{100, 1}, {100, 9}}, {{50, 1}}, {{0, 5}}, {}};
  EXPECT_THAT(noise_by_quantity(powers),
              ElementsAre(analysis::noise_bound(powers[0]).value() / 200, 0.02, 0, 0));
}

}  // namespace
}  // namespace rangefinder::workflow
