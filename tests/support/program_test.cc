#include "support/program.h"

#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>

namespace rangefinder::support {
namespace {

TEST(RunProgram, BringsBackBothStreamsAndTheExitCode) {
  const ProgramResult run =
      run_program("/bin/sh", {"-c", "echo out; echo \"$1\" >&2; exit 3", "sh", "a b"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_EQ(run.output, "out\n");
  EXPECT_EQ(run.errors, "a b\n");
}

TEST(RunProgram, SaysWhatCannotRun) {
  EXPECT_THROW(run_program("/no/such/program", {}), std::runtime_error);
  EXPECT_THROW(run_program("/bin/sh", {"-c", "kill -9 $$"}), std::runtime_error);
}

TEST(InterruptProgram, WaitsForTheFirstMessage) {
  const std::string script =
      "trap 'echo stopped; exit 4' TERM; echo begun >&2; while true; do sleep 0.01; done";
  const ProgramResult run = interrupt_program("/bin/sh", {"-c", script}, SIGTERM);
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_EQ(run.output, "stopped\n");
  EXPECT_EQ(run.errors, "begun\n");
}

TEST(InterruptProgram, AProgramThatEndsInSilenceIsLeftAlone) {
  EXPECT_EQ(interrupt_program("/bin/sh", {"-c", "exit 5"}, SIGTERM).exit_code, 5);
}

}  // namespace
}  // namespace rangefinder::support
