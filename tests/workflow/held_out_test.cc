#include "workflow/held_out.h"

#include <gmock/gmock.h>

#include "analysis/tensor_error.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class HeldOutTest : public WorkflowTest {
 protected:
  report::Summary summary() const { return quantize(quantize_request("int8.onnx")).summary; }
};

TEST_F(HeldOutTest, OutputsAreMeasuredWithTheirBounds) {
  const report::Summary found = summary();
  ASSERT_EQ(found.outputs.size(), 1u);
  const report::OutputRow& y = found.outputs[0];
  EXPECT_EQ(y.sample_count, 4u);
  EXPECT_EQ(y.joined_count, 8u) << "calibration samples, because four are few";
  EXPECT_LE(*y.sqnr_bound_db, y.sqnr_db + 1e-9)
      << "of so few as measured, or the bound of all twelve";
  EXPECT_GT(*y.sqnr_bound_db, y.sqnr_db - 10);
  EXPECT_THAT(y.judged_at, IsEmpty());
}

TEST_F(HeldOutTest, BothModelsAreTimed) {
  const report::Summary found = summary();
  ASSERT_TRUE(found.latency.has_value());
  EXPECT_GT(found.latency->float_us, 0);
  EXPECT_GT(found.latency->int8_us, 0);
  EXPECT_GE(found.latency->runs, 3u);
  EXPECT_EQ(found.latency->threads, 1);
}

TEST_F(HeldOutTest, BehindAnArgMaxTheScoresAreMeasured) {
  auto b = classifier();
  b.node("ArgMax", {"y"}, {"best"}).integer("axis", 1).integer("keepdims", 0);
  b.graph().mutable_output()->Clear();
  b.output("best", {-1}, onnx::TensorProto::INT64);
  write_file(model(), b.bytes());
  const report::Summary found = summary();
  ASSERT_EQ(found.outputs.size(), 1u) << "what is revealed is no output";
  const report::OutputRow& best = found.outputs[0];
  EXPECT_EQ(best.name, "best");
  EXPECT_EQ(best.selected_by, "ArgMax_best");
  ASSERT_EQ(best.judged_at.size(), 1u);
  EXPECT_EQ(best.judged_at[0].name, "y");
  EXPECT_GT(best.judged_at[0].sqnr_db, 20);
  EXPECT_LE(*best.judged_at[0].sqnr_bound_db, best.judged_at[0].sqnr_db + 1e-9);
  EXPECT_TRUE(found.latency.has_value());
}

TEST_F(HeldOutTest, RangesAreMeasuredOnHeldOutSamples) {
  const Plan plan = make_plan(model());
  const auto samples = split_samples(open_input({this->samples()}), {.samples = 8});
  const auto seen = observe_both(plan, *samples, plan.observed(), {.jobs = 1});
  report::Summary found = summary();
  EXPECT_EQ(found.looked_at_count, 4u);
  for (const auto& row : found.tensors) {
    if (row.root != row.name) continue;
    auto config = plan.target->activation;
    config.activate({row.scale}, {row.offset});
    const auto error = analysis::tensor_error(seen.held_out.at(row.name), config);
    EXPECT_EQ(row.held_out_clipped_share, error.clipped_share) << row.name;
    EXPECT_EQ(row.held_out_sqnr_db, error.sqnr_db) << row.name;
  }
}

TEST_F(HeldOutTest, WithoutSamplesNothingIsMeasured) {
  QuantizeRequest request = quantize_request("int8.onnx");
  request.split.most_held_out = 0;
  const report::Summary found = quantize(request).summary;
  EXPECT_THAT(found.outputs, IsEmpty());
  EXPECT_FALSE(found.latency.has_value());
  EXPECT_EQ(found.looked_at_count, 0u);
  EXPECT_EQ(found.tensors[0].held_out_clipped_share, std::nullopt);
}

}  // namespace
}  // namespace rangefinder::workflow
