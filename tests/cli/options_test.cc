#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace rangefinder::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::ThrowsMessage;

/// What a command line says, by the options that `add` gives to the command.
template <typename Arguments>
Arguments read(void (*add)(CLI::App&, Arguments&), const std::string& line) {
  CLI::App app;
  Arguments arguments;
  add(app, arguments);
  app.parse(line);
  return arguments;
}

data::DataOptions data_options(const std::string& line) {
  return read<DataArguments>(add_data_options, line).parse();
}

passes::RuntimeCalibration calibration(const std::string& line) {
  return read<CalibrationArguments>(add_calibration_options, line)
      .parse(targets::find_target("ort-cpu"));
}

template <typename Action>
void expect_misuse(Action&& action, const std::string& part) {
  EXPECT_THAT(std::forward<Action>(action), ThrowsMessage<std::invalid_argument>(HasSubstr(part)));
}

TEST(DataOptions, PathsAloneAreEnough) {
  const data::DataOptions options = data_options("--data a.npy b --data c");
  EXPECT_THAT(options.paths, ElementsAre("a.npy", "b", "c"));
  EXPECT_EQ(options.samples, std::nullopt);
  EXPECT_EQ(options.shard, data::Shard());
  EXPECT_EQ(options.picture, data::PictureOptions());
}

TEST(DataOptions, ReadsHowPicturesBecomeInputs) {
  const data::DataOptions options = data_options(
      "--data a --samples 12 --mean 0.5,1/4,0 --std 2 --scale 1/255 --resize 256 --crop 224x192 "
      "--layout nhwc --channels bgr");
  EXPECT_EQ(options.samples, 12u);
  const data::PictureOptions expected = {.mean = {0.5, 0.25, 0},
                                         .std = {2},
                                         .scale = 1.0 / 255,
                                         .resize = data::PictureSize{256, 0},
                                         .crop = data::PictureSize{224, 192},
                                         .layout = data::Layout::kNhwc,
                                         .channels = data::Channels::kBgr};
  EXPECT_EQ(options.picture, expected);
}

TEST(DataOptions, ReadsTheShard) {
  DataArguments arguments;
  arguments.shard = "1/3";
  EXPECT_EQ(arguments.parse().shard, (data::Shard{1, 3}));
  arguments.shard = "3/3";
  expect_misuse([&] { arguments.parse(); }, "3/3");
}

TEST(DataOptions, RefusesWhatItCannotRead) {
  expect_misuse([] { data_options("--data a --scale 1,2"); }, "--scale takes one number");
  expect_misuse([] { data_options("--data a --layout hwc"); }, "'hwc'; allowed are nchw, nhwc");
  expect_misuse([] { data_options("--data a --channels cmyk"); }, "rgb, bgr, gray");
  expect_misuse([] { data_options("--data a --mean 1,2"); }, "2");
  expect_misuse([] { data_options("--data a --std 0"); }, "0");
  expect_misuse([] { data_options("--data a --resize wide"); }, "wide");
  expect_misuse([] { data_options("--data a --crop 0x4"); }, "0");
  for (const char* line : {"--samples 3", "--data a --samples 0", "--data a --samples -2",
                           "--data a --samples many", "--data"}) {
    EXPECT_THROW(data_options(line), CLI::ParseError) << line;
  }
}

TEST(RunOptions, ReadsJobs) {
  Progress progress("none");
  EXPECT_EQ(run_options(read<RunArguments>(add_run_options, ""), progress).jobs, 0);
  EXPECT_EQ(run_options(read<RunArguments>(add_run_options, "--jobs 3"), progress).jobs, 3);
  for (const char* line : {"--jobs 0", "--jobs -1", "--jobs 99999999999", "--jobs two"}) {
    EXPECT_THROW(read<RunArguments>(add_run_options, line), CLI::ParseError) << line;
  }
}

TEST(RunOptions, ReadsWhatToDoWithNan) {
  Progress progress("none");
  const auto nonfinite = [&](const std::string& line) {
    return run_options(read<RunArguments>(add_nonfinite_option, line), progress).nonfinite;
  };
  EXPECT_EQ(nonfinite(""), engine::Nonfinite::kError);
  EXPECT_EQ(nonfinite("--nonfinite ignore"), engine::Nonfinite::kIgnore);
  expect_misuse([&] { nonfinite("--nonfinite maybe"); }, "'maybe'; allowed are error, ignore");
}

TEST(RunOptions, PassesProgressOnAndListensToTheUser) {
  Progress progress("json");
  const workflow::RunOptions options = run_options({}, progress);
  EXPECT_EQ(options.cancelled, &interrupted());
  testing::internal::CaptureStderr();
  options.progress("observe", 1, 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(R"("done":1,"total":2)"));
}

TEST(CalibrationOptions, DefaultsToMse) {
  const passes::RuntimeCalibration found = calibration("");
  EXPECT_EQ(found.method, "mse");
  EXPECT_TRUE(found.method_for.empty());
}

TEST(CalibrationOptions, MethodsIgnoreCaseAndPatternsKeepTheirOrder) {
  const passes::RuntimeCalibration found = calibration(
      "--method KL --method-for conv*=MinMax --method-for a=b=Percentile --percentile 0.99 "
      "--alpha 2");
  EXPECT_EQ(found.method, "kl");
  EXPECT_THAT(found.method_for, ElementsAre(Pair("conv*", "minmax"), Pair("a=b", "percentile")));
  EXPECT_EQ(found.options.percentile, 0.99);
  EXPECT_EQ(found.options.alpha, 2);
}

TEST(CalibrationOptions, RefusesWhatNoMethodKnows) {
  expect_misuse([] { calibration("--method entropy"); }, "minmax, mse");
  expect_misuse([] { calibration("--method-for x=entropy"); }, "'entropy'");
  expect_misuse([] { calibration("--method-for minmax"); }, "NAME=METHOD");
  expect_misuse([] { calibration("--method-for =minmax"); }, "NAME=METHOD");
}

TEST(PlanOptions, TakesATargetAndExclusions) {
  const auto plan = [](const std::string& line) {
    return read<PlanArguments>(add_plan_options, line).parse();
  };
  EXPECT_EQ(plan("").target->name, "ort-cpu");
  EXPECT_EQ(plan("--target ort-cpu-vnni").target->name, "ort-cpu-vnni");
  EXPECT_THAT(plan("--exclude conv* --exclude fc").exclude, ElementsAre("conv*", "fc"));
  expect_misuse([&] { plan("--target abacus"); }, "ort-cpu");
}

TEST(CalibrationOptions, RefusesNumbersThatTheMethodsRefuseBeforeTheWork) {
  expect_misuse([] { calibration("--method percentile --percentile 0"); }, "(0, 1]");
  expect_misuse([] { calibration("--method-for x=std --alpha -1"); }, "alpha");
  EXPECT_EQ(calibration("--method mse --percentile 7").method, "mse") << "not its concern";
}

}  // namespace
}  // namespace rangefinder::cli
