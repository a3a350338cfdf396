#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;

using Completion = ProgramTest;

TEST_F(Completion, PrintsTheScriptOfAShell) {
  EXPECT_THAT(succeed({"completion", "bash"}), HasSubstr("complete -F _rangefinder rangefinder"));
  EXPECT_THAT(succeed({"completion", "zsh"}), HasSubstr("#compdef rangefinder"));
  EXPECT_THAT(succeed({"completion", "fish"}), HasSubstr("complete -c rangefinder"));
}

TEST_F(Completion, OfOtherShellsThereIsNone) {
  expect_failure({"completion", "tcsh"}, 2, {"'tcsh' is not one of bash, zsh, fish"});
  expect_failure({"completion"}, 2, {"SHELL"});
}

}  // namespace
}  // namespace rangefinder::cli
