#include "cli/metric_command.h"

#include <chrono>
#include <stdexcept>

#include "cli/fixture.h"
#include "rangefinder/error.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class MetricCommandTest : public ProgramTest {
 protected:
  double run(const std::string& command, double seconds = 60) const {
    return MetricCommand{.command = command,
                         .timeout_seconds = seconds}(Model::load(write_model()));
  }

  std::string refusal(const std::string& command, double seconds = 60) const {
    try {
      run(command, seconds);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }
};

TEST_F(MetricCommandTest, TheLastLineIsTheFigure) {
  EXPECT_EQ(run("test -s {model} && echo 0.75"), 0.75);
  EXPECT_EQ(run("cat {model} >/dev/null; echo much; echo ' -1e-3 '; echo; echo aside >&2"), -1e-3);
}

TEST_F(MetricCommandTest, TheModelIsTheModel) {
  write_model();
  const auto size = content("model.onnx").size();
  EXPECT_EQ(run("wc -c < {model}"), static_cast<double>(size));
}

TEST_F(MetricCommandTest, ACommandThatFailsIsNamedWithWhatItPrinted) {
  const std::string failed = refusal("echo 7 {model} >/dev/null; echo no gpu >&2; exit 3");
  EXPECT_THAT(failed, HasSubstr("ended with 3"));
  EXPECT_THAT(failed, HasSubstr("echo no gpu"));
  EXPECT_THAT(failed, HasSubstr("\"no gpu\""));
  EXPECT_THAT(refusal("kill -9 $$ # {model}"), HasSubstr("was ended by signal 9"));
  EXPECT_THAT(refusal("no-such-command {model}"), HasSubstr("ended with 127"));
}

TEST_F(MetricCommandTest, WhatIsNoNumberIsRefused) {
  for (const std::string printed : {"", "good", "0.5 good", "nan", "inf", "0x10"}) {
    EXPECT_THAT(refusal("echo '" + printed + "' # {model}"), HasSubstr("printed no number"))
        << printed;
  }
  EXPECT_THAT(refusal("true {model}"), HasSubstr("it printed nothing"));
}

TEST_F(MetricCommandTest, ACommandThatDoesNotEndIsKilledWithAllItStarted) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string refused = refusal("sleep 1000 & echo started; sleep 1000 # {model}", 0.3);
  EXPECT_THAT(refused, HasSubstr("did not end within 0.3 seconds"));
  EXPECT_THAT(refused, HasSubstr("\"started\""));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST_F(MetricCommandTest, LeavesNothing) {
  run("echo 1 # {model}");
  refusal("exit 1 # {model}");
  EXPECT_TRUE(std::filesystem::is_empty(path("tmp")));
}

TEST_F(MetricCommandTest, OptionsThatNeedEachOtherAreAskedFor) {
  EXPECT_THROW(validate({.command = "score"}), std::invalid_argument);
  EXPECT_THROW(validate({.command = "score {model}", .timeout_seconds = 0}), std::invalid_argument);
  validate({.command = "score {model}"});
}

}  // namespace
}  // namespace rangefinder::cli
