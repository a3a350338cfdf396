#include "cli/man_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/command_tree.h"
#include "cli/help_text.h"
#include "data/temporary_folder.h"
#include "support/program.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ManPage, HasEveryCommandAndOption) {
  const auto program = command_tree();
  const std::string page = man_page(*program);
  for (const char* part :
       {".TH RANGEFINDER 1", ".SH NAME", ".SH SYNOPSIS", ".SH \"RANGEFINDER ANALOG CALIBRATE\"",
        "\\fB\\-\\-method METHOD\\fR", ".SH \"EXIT STATUS\"", "RANGEFINDER_ONNXRUNTIME"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  for (const CLI::App* command : all_commands(*program)) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        std::string escaped = "--" + name;
        for (size_t at = 0; (at = escaped.find('-', at)) != std::string::npos; at += 2) {
          escaped.insert(at, "\\");
        }
        EXPECT_THAT(page, HasSubstr(escaped));
      }
    }
  }
}

TEST(ManPage, TextThatLooksLikeRoffIsText) {
  CLI::App app(".so /etc/passwd \\fB'x", "program");
  const std::string page = man_page(app);
  EXPECT_THAT(page, HasSubstr("\n\\&.so /etc/passwd \\efB'x\n"));
  EXPECT_THAT(page, Not(HasSubstr("\n.so")));
}

TEST(ManPage, GroffHasNothingToComplainOf) {
  if (!std::filesystem::exists("/usr/bin/groff")) GTEST_SKIP() << "no groff here";
  const data::TemporaryFolder folder;
  const std::string file = (folder / "rangefinder.1").string();
  std::ofstream(file) << man_page(*command_tree());
  const auto result =
      support::run_program("/usr/bin/groff", {"-man", "-Tascii", "-ww", "-z", file});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.errors, "");
}

}  // namespace
}  // namespace rangefinder::cli
