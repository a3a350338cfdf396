#include "cli/help_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/value_kind.h"
#include "rangefinder/method.h"

namespace rangefinder::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// program do FILE --data PATH... [-n N] [--loud], and a hidden command.
struct Sample {
  CLI::App program{"Does things.", "program"};
  CLI::App* command = nullptr;
  std::string file;
  std::vector<std::string> data;
  int number = 3;
  bool loud = false;

  Sample() {
    program.option_defaults()->always_capture_default();
    command = program.add_subcommand("do", "Do one thing");
    program.add_subcommand("secret", "Nobody knows")->group("");
    command->add_option("FILE", file, "What to read")->type_name(kModelFile)->required();
    {
      const OptionGroup group(*command, "Samples");
      command->add_option("--data", data, "Where samples are")->type_name("PATH")->required();
      command->add_option("-n,--number", number, "How many")->type_name("N");
    }
    command->add_flag("--loud", loud, "Say it loud");
    add_section(*command, "Words", {{"first", "the first word"}});
    add_examples(*command, {"program do a.onnx --data b"});
  }
};

TEST(HelpText, TellsEverythingOnce) {
  const Sample sample;
  EXPECT_EQ(help_text(*sample.command, {}),
            "Usage:\n"
            "  program do FILE --data PATH... [options]\n"
            "\n"
            "Do one thing\n"
            "\n"
            "Arguments:\n"
            "  FILE  What to read\n"
            "\n"
            "Samples:\n"
            "  --data PATH...  Where samples are (required)\n"
            "  -n, --number N  How many [default: 3]\n"
            "\n"
            "Options:\n"
            "  -h, --help  Print this help message and exit\n"
            "  --loud      Say it loud\n"
            "\n"
            "Words:\n"
            "  first  the first word\n"
            "\n"
            "Examples:\n"
            "  program do a.onnx --data b\n");
}

TEST(HelpText, TheProgramListsItsCommands) {
  const Sample sample;
  const std::string text = help_text(sample.program, {});
  EXPECT_THAT(text, HasSubstr("program COMMAND [options]"));
  EXPECT_THAT(text, HasSubstr("\nCommands:\n  do  Do one thing\n"));
  EXPECT_THAT(text, Not(HasSubstr("secret")));
}

TEST(HelpText, GroupsEndWhereTheyEnd) {
  const Sample sample;
  EXPECT_EQ(sample.command->get_option("--data")->get_group(), "Samples");
  EXPECT_EQ(sample.command->get_option("--loud")->get_group(), "Options");
}

TEST(HelpText, NamesOfCommands) {
  CLI::App program("", "program");
  auto& analog = *program.add_subcommand("analog", "");
  const auto& compare = *analog.add_subcommand("compare", "");
  EXPECT_EQ(full_name(compare), "program analog compare");
  EXPECT_EQ(path_of(compare), "analog compare");
  EXPECT_EQ(path_of(program), "");
  EXPECT_THAT(all_commands(program), ElementsAre(&program, &analog, &compare));
}

TEST(HelpText, MethodsTargetsAndTypesHaveALineEach) {
  CLI::App app("", "program");
  add_method_section(app);
  add_target_section(app);
  add_type_section(app);
  const auto sections = help_sections(app);
  for (size_t i = sections.size() - 3; i < sections.size(); ++i) {
    EXPECT_FALSE(sections[i].rows.empty());
    for (const TextRow& row : sections[i].rows) EXPECT_NE(row.text, "") << row.term;
  }
  EXPECT_EQ(sections[sections.size() - 3].rows.size(), known_methods().size());
}

}  // namespace
}  // namespace rangefinder::cli
