#include "cli/completion_fixture.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using ZshCompletion = CompletionTest;

TEST_F(ZshCompletion, HasAFunctionForEachCommand) {
  const std::string script = zsh_completion(*command_tree());
  EXPECT_THAT(script, StartsWith("#compdef rangefinder\n"));
  for (const char* part :
       {"_rangefinder_quantize()", "_rangefinder_analog_calibrate()",
        "'--output[Where the int8 model goes]:FILE.onnx:_files -g \"(*.onnx)\"'",
        ":fast|normal|thorough:(fast normal thorough)'", "'*--data[", ":*-*:PATH:_files'"}) {
    EXPECT_THAT(script, HasSubstr(part));
  }
}

TEST_F(ZshCompletion, DescriptionsAreText) {
  CLI::App app("", "rangefinder");
  bool flag = false;
  app.add_flag("--flag", flag, "It's [not] \\ a pattern");
  EXPECT_THAT(zsh_completion(app), HasSubstr("'--flag[It'\\''s \\[not\\] \\\\ a pattern]'"));
}

TEST_F(ZshCompletion, ZshReadsIt) {
  if (!std::filesystem::exists("/bin/zsh")) GTEST_SKIP() << "no zsh here";
  const std::string file = write("_rangefinder", zsh_completion(*command_tree()));
  const auto result = support::run_program("/bin/zsh", {"-n", file});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.errors, IsEmpty());
}

}  // namespace
}  // namespace rangefinder::cli
