#include "rangefinder/runtime_calibration_pass.h"

#include <stdexcept>

#include "api/fixture.h"

namespace rangefinder {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using PassApi = ApiTest;

TEST_F(PassApi, GivesWhatQuantizeWithTheLeastEffortGives) {
  QuantizationPlan plan(model());
  const auto calibrated = RuntimeCalibrationPass("mse").run(plan, memory(8));
  EXPECT_EQ(calibrated.size(), 4u);
  EXPECT_EQ(calibrated[0], (CalibratedTensor{"x", "mse", {}}));
  EXPECT_EQ(plan.config("x").state(), State::kActivated);
  EXPECT_EQ(plan.config("x").observer, "mse");
  QuantizeOptions all{.effort = Effort::kFast};
  all.split.held_out = memory(1);
  EXPECT_EQ(export_model(plan).bytes(), quantize(model(), memory(8), all).model().bytes());
}

TEST_F(PassApi, OnlyOverrideCalibratesWhatIsInForce) {
  QuantizationPlan plan(model());
  RuntimeCalibrationPass("minmax").run(plan, memory(8));
  const auto scale = plan.config("r").scale;
  EXPECT_TRUE(RuntimeCalibrationPass("percentile").run(plan, memory(8)).empty());
  EXPECT_EQ(plan.config("r").observer, "minmax");
  EXPECT_EQ(RuntimeCalibrationPass("percentile", true).run(plan, memory(8)).size(), 4u);
  EXPECT_EQ(plan.config("r").observer, "percentile");
  EXPECT_NE(plan.config("r").scale, scale);
}

TEST_F(PassApi, WithoutAMethodEveryConfigHasItsOwn) {
  QuantizationPlan plan(model());
  for (TensorQuantizationConfig& config : plan.configs()) config.observer = "kl";
  plan.config("h").observer = "isotone";
  const auto calibrated = RuntimeCalibrationPass().run(plan, memory(8));
  EXPECT_EQ(calibrated[0].method, "kl");
  EXPECT_EQ(calibrated[3].method, "isotone");
  QuantizationPlan bare(model());
  EXPECT_THROW(RuntimeCalibrationPass().run(bare, memory(8)), std::invalid_argument);
}

TEST_F(PassApi, StatisticsServeAsWell) {
  QuantizationPlan from_samples(model());
  QuantizationPlan from_statistics(model());
  const Statistics statistics = observe(model(), memory(8), {.split = {.samples = 8}});
  RuntimeCalibrationPass("kl").run(from_samples, memory(8));
  RuntimeCalibrationPass("kl").run(from_statistics, statistics);
  EXPECT_EQ(export_model(from_statistics).bytes(), export_model(from_samples).bytes());
}

TEST_F(PassApi, AFailureLeavesThePlanAsItWas) {
  QuantizationPlan plan(model());
  const std::vector<TensorQuantizationConfig> before(plan.configs().begin(), plan.configs().end());
  EXPECT_THROW(RuntimeCalibrationPass("entropy").run(plan, memory(8)), std::invalid_argument);
  EXPECT_THAT([&] { RuntimeCalibrationPass("mse").run(plan, generator(0)); },
              ThrowsMessage<Error>(HasSubstr("no samples")));
  EXPECT_TRUE(std::equal(before.begin(), before.end(), plan.configs().begin()));
}

}  // namespace
}  // namespace rangefinder
