#include "workflow/refine_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "graph/model_file.h"
#include "workflow/fixture.h"
#include "workflow/observe.h"

namespace rangefinder::workflow {
namespace {

using testing::HasSubstr;

class RefineWeightsTest : public WorkflowTest {
 protected:
  /// A solution as it is before its weights are refined.
  SolvedPlan solved(const Plan& plan, Samples& samples) const {
    const auto statistics = observe(plan, samples, plan.observed(), {.jobs = 1});
    return workflow::solve_plan(plan, statistics, {.method = "minmax"});
  }

  std::unique_ptr<Samples> calibration() const {
    return split_samples(open_input({samples()}), {.samples = 8});
  }

  static std::vector<std::vector<int8_t>> codes(const SolvedPlan& solution) {
    std::vector<std::vector<int8_t>> all;
    for (const auto& weight : solution.weights) all.push_back(weight.codes);
    return all;
  }
};

TEST_F(RefineWeightsTest, ChangesCodesAndNothingElse) {
  const Plan plan = make_plan(model());
  const auto samples = calibration();
  SolvedPlan solution = solved(plan, *samples);
  const SolvedPlan before = solution;
  const auto nodes = refine_weights(plan, *samples, {.jobs = 1}, solution);
  ASSERT_EQ(nodes.size(), 3u);
  bool has_new = false;
  for (size_t i = 0; i < nodes.size(); ++i) {
    EXPECT_EQ(nodes[i].node, before.weights[i].node);
    EXPECT_EQ(nodes[i].reason.empty(), solution.weights[i].codes != before.weights[i].codes);
    EXPECT_EQ(solution.weights[i].scale, before.weights[i].scale);
    EXPECT_EQ(solution.weights[i].bias, before.weights[i].bias);
    has_new |= nodes[i].reason.empty();
  }
  EXPECT_TRUE(has_new);
}

TEST_F(RefineWeightsTest, IsTheSameForAnyNumberOfJobs) {
  const Plan plan = make_plan(model());
  const auto samples = calibration();
  SolvedPlan one = solved(plan, *samples);
  SolvedPlan two = one;
  refine_weights(plan, *samples, {.jobs = 1}, one);
  refine_weights(plan, *samples, {.jobs = 2}, two);
  EXPECT_EQ(codes(one), codes(two));
}

TEST_F(RefineWeightsTest, LooksAtSamplesFromAllOfTheData) {
  const Plan plan = make_plan(model());
  const auto samples = calibration();
  SolvedPlan all = solved(plan, *samples);
  const SolvedPlan before = all;
  // Two of eight: the fourth and the last. Others may be unreadable.
  SolvedPlan two = before;
  for (const size_t index : {0, 1, 2, 4, 5, 6}) {
    write_file(this->samples() / (std::to_string(index) + ".npy"), "no array");
  }
  const auto nodes = refine_weights(plan, *samples, {.jobs = 1}, two, {.options = {.samples = 2}});
  EXPECT_NE(codes(two), codes(before));
  EXPECT_ANY_THROW(refine_weights(plan, *samples, {.jobs = 1}, all, {.options = {.samples = 8}}));
}

TEST_F(RefineWeightsTest, LeavesEverythingIfTheSamplesPassByOnlyOnce) {
  const Plan plan = make_plan(model());
  const auto samples = calibration();
  SolvedPlan solution = solved(plan, *samples);
  const SolvedPlan before = solution;
  struct Once : Samples {
    engine::SampleFeed calibration() override { throw std::logic_error("not again"); }
    bool can_repeat() const override { return false; }
    size_t calibration_count() const override { return 0; }
    std::map<uint64_t, statistics::SampleSet> indices() const override { return {}; }
    std::shared_ptr<const data::SampleSource> held_out() const override { return {}; }
  } once;
  const auto nodes = refine_weights(plan, once, {.jobs = 1}, solution);
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].reason, "the samples pass by only once");
  EXPECT_EQ(codes(solution), codes(before));
}

TEST_F(RefineWeightsTest, QuantizeDoesItUnlessItIsToBeFastAndSaysSo) {
  QuantizeRequest request = quantize_request("plain.onnx");
  request.effort = Effort::kFast;
  const Quantized plain = quantize(request);
  const auto says = testing::Contains(HasSubstr("nodes were rounded by what they do to outputs"));
  EXPECT_THAT(plain.summary.notes, testing::Not(says));
  request.effort = Effort::kNormal;
  EXPECT_THAT(quantize(request).summary.notes, testing::Not(says)) << "small, and not ruined";
  request.effort = Effort::kThorough;
  request.run.jobs = 1;
  const Quantized refined = quantize(request);
  EXPECT_NE(refined.model.bytes, plain.model.bytes);
  EXPECT_THAT(refined.summary.notes, says);
  EXPECT_EQ(refined.summary.integer_nodes, plain.summary.integer_nodes);
  request.run.jobs = 2;
  EXPECT_EQ(quantize(request).model.bytes, refined.model.bytes);
}

TEST_F(RefineWeightsTest, QuantizeDoesItToALargeModelByDefault) {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 3, 8, 8});
  b.weights("w1", {512, 3, 1, 1}, 0.5f);
  b.weights("w2", {2100, 512, 1, 1}, 0.1f);
  b.weights("w3", {2100, 5}, 0.1f);
  b.node("Conv", {"x", "w1"}, {"c"});
  b.node("Relu", {"c"}, {"r"});
  b.node("GlobalAveragePool", {"r"}, {"m"});
  b.node("Conv", {"m", "w2"}, {"d"});
  b.node("Flatten", {"d"}, {"f"});
  b.node("Gemm", {"f", "w3"}, {"y"});
  b.output("y", {-1, 5});
  write_file(model(), b.bytes());
  QuantizeRequest request = quantize_request("q.onnx");
  request.run.jobs = 1;
  const Quantized refined = quantize(request);
  EXPECT_THAT(refined.summary.notes,
              testing::Contains(HasSubstr("nodes were rounded by what they do to outputs")));
  request.run.jobs = 2;
  EXPECT_EQ(quantize(request).model.bytes, refined.model.bytes);
}

TEST_F(RefineWeightsTest, LeavesEverythingToRoundToNearestIfTooFewSamplesCouldJudge) {
  const Plan plan = make_plan(model());
  const auto three = split_samples(open_input({samples()}), {.samples = 3});
  SolvedPlan solution = solved(plan, *three);
  const SolvedPlan before = solution;
  const auto normal = rounding_effort(Effort::kNormal);
  for (const auto& node : refine_weights(plan, *three, {.jobs = 1}, solution, normal)) {
    EXPECT_EQ(node.reason, "3 samples are too few to judge it");
  }
  EXPECT_EQ(codes(solution), codes(before));
  const auto four = split_samples(open_input({samples()}), {.samples = 4});
  refine_weights(plan, *four, {.jobs = 1}, solution, normal);
  EXPECT_NE(codes(solution), codes(before));
}

// A bias makes up for what the rounding of its weights does on average, so it must know the codes.
TEST_F(RefineWeightsTest, QuantizeCorrectsBiasesForTheNewCodes) {
  QuantizeRequest request = quantize_request("refined.onnx");
  request.effort = Effort::kThorough;
  const Quantized quantized = quantize(request);
  const Plan plan = make_plan(model());
  const auto samples = calibration();
  const auto rows = rows_of(plan, request.calibration);
  const auto statistics = observe(plan, *samples, plan.observed_with_sums(rows), {.jobs = 1});
  SolvedPlan solution = workflow::solve_plan(
      plan, statistics, workflow::with_room(request.calibration, Effort::kThorough));
  refine_weights(plan, *samples, {.jobs = 1}, solution);
  correct_biases(plan, statistics, solution);
  EXPECT_EQ(graph::serialize(export_model(plan, solution)), quantized.model.bytes);
}

TEST(RoundingEffort, NormalRoundsManyWeightsOfConvolutionsAtOnce) {
  const auto network = [](int64_t channels, bool is_convolution) {
    test_support::OnnxBuilder b;
    b.input("x", {1, 1024, 1, 1});
    if (is_convolution) {
      b.weights("w", {channels, 1024, 1, 1}, 0.1f);
      b.node("Conv", {"x", "w"}, {"y"});
      b.output("y", {1, channels, 1, 1});
    } else {
      b.weights("w", {1024, channels}, 0.1f);
      b.node("Flatten", {"x"}, {"f"});
      b.node("MatMul", {"f", "w"}, {"y"});
      b.output("y", {1, channels});
    }
    return make_plan(engine::ModelSource(b.bytes(), ""));
  };
  EXPECT_TRUE(rounds_at_once(Effort::kNormal, network(1024, true)));
  EXPECT_FALSE(rounds_at_once(Effort::kNormal, network(1023, true)));
  EXPECT_FALSE(rounds_at_once(Effort::kNormal, network(1024, false)));
  EXPECT_TRUE(rounds_at_once(Effort::kThorough, network(8, false)));
  EXPECT_FALSE(rounds_at_once(Effort::kFast, network(1024, true)));
}

TEST(RoundingEffort, ThoroughLimitsNothing) {
  const auto thorough = rounding_effort(Effort::kThorough).fitted(1000, 5);
  EXPECT_EQ(thorough.samples, 64u);
  EXPECT_EQ(thorough.work_per_product, 0);
  EXPECT_EQ(thorough.memory, refine::RefinementOptions{}.memory);
  EXPECT_EQ(rounding_effort(Effort::kThorough).fitted(7, 5).samples, 7u);
}

// The work is a share of what all calibration samples take, up to a limit; the limits are told for
// those that are looked at.
TEST(RoundingEffort, NormalLimitsWorkByTheSamplesAndMemoryByTheModel) {
  const RoundingEffort normal = rounding_effort(Effort::kNormal);
  const uint64_t large = uint64_t{500} << 20;
  const auto few = normal.fitted(10, large);
  EXPECT_EQ(few.samples, 10u);
  EXPECT_GT(few.work_per_product, 0);
  EXPECT_EQ(few.memory, large);
  const auto twice = normal.fitted(64, large);
  EXPECT_EQ(twice.samples, 32u);
  EXPECT_DOUBLE_EQ(twice.work_per_product, 2 * few.work_per_product);
  EXPECT_EQ(normal.fitted(100000, large).work_per_product,
            normal.fitted(1000000, large).work_per_product);
  EXPECT_EQ(normal.fitted(10, 1000).memory, normal.fitted(10, 2000).memory);
  EXPECT_EQ(normal.fitted(10, large * 100).memory, refine::RefinementOptions{}.memory);
}

TEST(RefinementNote, CountsNodesAndSaysWhy) {
  EXPECT_EQ(refinement_note({}), "");
  EXPECT_EQ(refinement_note({{.node = "a"}, {.node = "b"}}),
            "weights of 2 of 2 nodes were rounded by what they do to outputs");
  EXPECT_EQ(refinement_note({{.node = "a", .reason = "no"},
                             {.node = "b"},
                             {.node = "c", .reason = "too much"},
                             {.node = "d", .reason = "no"}}),
            "weights of 1 of 4 nodes were rounded by what they do to outputs; a and 1 more: no; "
            "c: too much");
}

}  // namespace
}  // namespace rangefinder::workflow
