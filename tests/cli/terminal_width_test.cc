#include "cli/terminal_width.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace rangefinder::cli {
namespace {

TEST(TerminalWidth, IsWhatTheEnvironmentSaysIfThatIsANumber) {
  ::setenv("COLUMNS", "123", 1);
  EXPECT_EQ(terminal_width(), 123);
  for (const char* odd : {"0", "wide", "-5", "12x"}) {
    ::setenv("COLUMNS", odd, 1);
    EXPECT_GT(terminal_width(), 12) << odd;
  }
  ::unsetenv("COLUMNS");
  EXPECT_GT(terminal_width(), 0);
}

}  // namespace
}  // namespace rangefinder::cli
