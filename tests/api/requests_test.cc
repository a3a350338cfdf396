#include "api/requests.h"

#include "api/fixture.h"
#include "api/samples_state.h"

namespace rangefinder {
namespace {

TEST(Requests, NamesAreMadeCanonical) {
  const auto calibration = calibration_of({.name = "KL", .for_tensors = {{"a*", "MinMax"}}}, {});
  EXPECT_EQ(calibration.method, "kl");
  EXPECT_EQ(calibration.method_for.at(0).second, "minmax");
  EXPECT_EQ(calibration_of({.name = ""}, {}).method, "") << "every config's own";
}

TEST(Requests, AnEmptyTargetIsTheDefault) {
  EXPECT_EQ(plan_options({}).target, nullptr);
  EXPECT_EQ(plan_options({.target = "ort-cpu-vnni"}).target->name, "ort-cpu-vnni");
}

using RequestsOfModel = ApiTest;

TEST_F(RequestsOfModel, TheSecondSourceIsHandedOn) {
  const SampleSource judge = memory(1);
  const auto split = split_options({.samples = 3, .held_out = judge}, model());
  EXPECT_EQ(split.samples, 3u);
  EXPECT_EQ(split.held_out->list, judge.state().input.list);
}

}  // namespace
}  // namespace rangefinder
