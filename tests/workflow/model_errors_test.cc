#include "workflow/model_errors.h"

#include <gmock/gmock.h>

#include "analog/export/export_model.h"
#include "analog/models.h"
#include "base/error.h"

namespace rangefinder::workflow {
namespace {

using analog::mixed_model;
using analog::pictures;

TEST(ModelErrors, RefusesModelsWithOtherOutputs) {
  const auto samples = pictures(1);
  auto other = mixed_model();
  other.mutable_graph()->mutable_node(6)->set_output(0, "z");
  other.mutable_graph()->mutable_output(0)->set_name("z");
  EXPECT_THROW(model_errors(mixed_model(), other, {}, samples, {}), Error);
}

TEST(ModelErrors, TellInnerTensorsBesideTheOutputs) {
  const auto samples = pictures(2);
  const auto model = analog::calibrated_model(analog::network(254, 7));
  const std::vector<std::string> inner = {"c1", "y"};
  const auto errors =
      model_errors(model.model, analog::export_model(model), inner, samples, {.jobs = 1});
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].name, "y");
  EXPECT_EQ(errors[1].name, "c1");
  EXPECT_GT(errors[1].metrics.sqnr_db(), errors[0].metrics.sqnr_db());
}

TEST(ModelErrors, AreTheSameForAnyNumberOfJobs) {
  const auto samples = pictures(7);
  const auto model = analog::calibrated_model(analog::network(62));
  const auto mse = [&](int jobs) {
    const auto errors =
        model_errors(model.model, analog::export_model(model), {}, samples, {.jobs = jobs});
    return errors.at(0).metrics.mse();
  };
  EXPECT_EQ(mse(1), mse(3));
}

}  // namespace
}  // namespace rangefinder::workflow
