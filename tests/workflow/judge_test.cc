#include "workflow/judge.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "workflow/compare.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::ElementsAre;

class JudgeTest : public WorkflowTest {
 protected:
  std::vector<analysis::OutputError> judged(const engine::ModelSource& model, int jobs,
                                            size_t* sample_count = nullptr) {
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
  EXPECT_EQ(found[0].name, "y");
  EXPECT_EQ(found[0].powers.size(), kSampleCount);
  const auto compared = compare({.float_model = model(),
                                 .quantized_model = file("int8.onnx"),
                                 .samples = open_input({samples()})});
  EXPECT_NEAR(found[0].metrics.sqnr_db(), compared.outputs[0].sqnr_db, 1e-6)
      << "the second time, too, when float values are kept";
}

TEST_F(JudgeTest, IsTheSameForAnyNumberOfJobs) {
  auto request = quantize_request("int8.onnx");
  request.effort = Effort::kFast;
  quantize(request);
  const auto one = judged(file("int8.onnx"), 1);
  const auto four = judged(file("int8.onnx"), 4);
  EXPECT_EQ(one[0].metrics.error_power(), four[0].metrics.error_power());
  EXPECT_EQ(one[0].noise_bound(), four[0].noise_bound());
}

analysis::OutputError error(const std::vector<float>& real, float difference) {
  analysis::OutputError row;
  std::vector<float> restored = real;
  for (float& value : restored) value += difference;
  row.metrics.add(real, restored);
  return row;
}

TEST(WorstSqnr, IsThatOfTheWorstTensorWithASignal) {
  EXPECT_EQ(worst_sqnr_db({}), std::numeric_limits<double>::infinity());
  const std::vector<analysis::OutputError> errors = {error({10}, 1), error({10}, 0.1f),
                                                     error({0}, 5)};
  EXPECT_NEAR(worst_sqnr_db(errors), 20, 1e-4);
}

TEST(WorstSqnr, IsABoundWhereSamplesTellOne) {
  analysis::OutputError two = error({10}, 1);
  two.merge(error({10}, 3));
  two.powers = {{100, 1}, {100, 9}};
  const double bound = 10 + 1.64 * std::sqrt(32.0 * 2);
  EXPECT_NEAR(worst_sqnr_db(std::vector{two}), 10 * std::log10(200 / bound), 1e-4);
}

}  // namespace
}  // namespace rangefinder::workflow
