#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "cli/signals.h"

namespace rangefinder::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
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

DataArguments data_arguments(const std::string& line) {
  return read<DataArguments>(add_data_options, line);
}

PictureOptions pictures(const std::string& line) { return data_arguments(line).pictures(); }

template <typename Action>
void expect_misuse(Action&& action, const std::string& part) {
  EXPECT_THAT(std::forward<Action>(action), ThrowsMessage<std::invalid_argument>(HasSubstr(part)));
}

TEST(DataOptions, PathsAloneAreEnough) {
  const DataArguments arguments = data_arguments("--data a.npy b --data c");
  EXPECT_THAT(arguments.paths, ElementsAre("a.npy", "b", "c"));
  EXPECT_EQ(arguments.limit(), std::nullopt);
  EXPECT_EQ(arguments.parsed_shard(), Shard());
  EXPECT_EQ(arguments.pictures(), PictureOptions());
}

TEST(DataOptions, ReadsHowPicturesBecomeInputs) {
  const DataArguments arguments = data_arguments(
      "--data a --samples 12 --mean 0.5,1/4,0 --std 2 --scale 1/255 --resize 256 --crop 224x192 "
      "--layout nhwc --channels bgr");
  EXPECT_EQ(arguments.limit(), 12u);
  const PictureOptions expected = {.mean = {0.5, 0.25, 0},
                                   .std = {2},
                                   .scale = 1.0 / 255,
                                   .resize = PictureSize{256, 0},
                                   .crop = PictureSize{224, 192},
                                   .layout = Layout::kNhwc,
                                   .channels = Channels::kBgr};
  EXPECT_EQ(arguments.pictures(), expected);
}

TEST(DataOptions, ReadsTheShard) {
  DataArguments arguments;
  arguments.shard = "1/3";
  EXPECT_EQ(arguments.parsed_shard(), (Shard{1, 3}));
  arguments.shard = "3/3";
  expect_misuse([&] { arguments.parsed_shard(); }, "3/3");
}

TEST(DataOptions, RefusesWhatItCannotRead) {
  expect_misuse([] { pictures("--data a --scale 1,2"); }, "--scale takes one number");
  expect_misuse([] { pictures("--data a --layout hwc"); }, "'hwc'; allowed are nchw, nhwc");
  expect_misuse([] { pictures("--data a --channels cmyk"); }, "rgb, bgr, gray");
  expect_misuse([] { pictures("--data a --mean 1,2"); }, "2");
  expect_misuse([] { pictures("--data a --std 0"); }, "0");
  expect_misuse([] { pictures("--data a --resize wide"); }, "wide");
  expect_misuse([] { pictures("--data a --crop 0x4"); }, "0");
  for (const char* line : {"--samples 3", "--data a --samples 0", "--data a --samples -2",
                           "--data a --samples many", "--data"}) {
    EXPECT_THROW(data_arguments(line), CLI::ParseError) << line;
  }
}

TEST(RunControlArguments, ReadsJobs) {
  Progress progress("none");
  EXPECT_EQ(run_control(read<RunArguments>(add_run_options, ""), progress).jobs, 0);
  EXPECT_EQ(run_control(read<RunArguments>(add_run_options, "--jobs 3"), progress).jobs, 3);
  for (const char* line : {"--jobs 0", "--jobs -1", "--jobs 99999999999", "--jobs two"}) {
    EXPECT_THROW(read<RunArguments>(add_run_options, line), CLI::ParseError) << line;
  }
}

TEST(RunControlArguments, ReadsWhatToDoWithNan) {
  Progress progress("none");
  const auto nonfinite = [&](const std::string& line) {
    return run_control(read<RunArguments>(add_nonfinite_option, line), progress).nonfinite;
  };
  EXPECT_EQ(nonfinite(""), Nonfinite::kError);
  EXPECT_EQ(nonfinite("--nonfinite ignore"), Nonfinite::kIgnore);
  expect_misuse([&] { nonfinite("--nonfinite maybe"); }, "'maybe'; allowed are error, ignore");
}

TEST(RunControlArguments, PassesProgressOnAndListensToTheUser) {
  Progress progress("json");
  const RunControl options = run_control({}, progress);
  EXPECT_EQ(options.cancelled, &interrupted());
  testing::internal::CaptureStderr();
  options.progress("observe", 1, 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(R"("done":1,"total":2)"));
}

TEST(PlanOptions, TakesATargetAndExclusions) {
  const auto plan = [](const std::string& line) {
    return read<PlanArguments>(add_plan_options, line).options;
  };
  EXPECT_EQ(plan("").target, "ort-cpu");
  EXPECT_EQ(plan("--target ort-cpu-vnni").target, "ort-cpu-vnni");
  EXPECT_THAT(plan("--exclude conv* --exclude fc").exclude, ElementsAre("conv*", "fc"));
  expect_misuse([&] { MethodArguments().parse("abacus"); }, "ort-cpu");
}

}  // namespace
}  // namespace rangefinder::cli
