#include "support/program.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace rangefinder::support
