#include "cli/command_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/help_text.h"
#include "cli/program.h"
#include "cli/value_kind.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;

/// Commands that do something, not those that only have others below.
std::vector<const CLI::App*> working_commands(const CLI::App& program) {
  std::vector<const CLI::App*> commands = all_commands(program);
  std::erase_if(commands, [](const CLI::App* one) { return !shown_commands(*one).empty(); });
  return commands;
}

TEST(CommandTree, EveryCommandAndOptionIsDescribed) {
  const auto program = command_tree();
  for (const CLI::App* command : all_commands(*program)) {
    EXPECT_NE(command->get_description(), "") << full_name(*command);
    for (const CLI::Option* option : command->get_options()) {
      EXPECT_NE(option->get_description(), "") << full_name(*command) << option->get_name();
    }
  }
}

TEST(CommandTree, EveryValueHasAPlaceholderOfOurs) {
  const auto program = command_tree();
  for (const CLI::App* command : all_commands(*program)) {
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_positional()) continue;
      const std::string text = placeholder(*option);
      for (const char* of_the_parser : {"TEXT", "UINT", "INT", "FLOAT"}) {
        EXPECT_NE(text, of_the_parser) << full_name(*command) << option->get_name();
      }
    }
  }
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// The examples of a command that call the program directly.
std::vector<std::string> examples(const CLI::App& command) {
  for (const HelpSection& section : help_sections(command)) {
    if (section.title != "Examples") continue;
    auto lines = section.lines;
    std::erase_if(lines, [](const std::string& line) { return !line.starts_with("rangefinder "); });
    return lines;
  }
  return {};
}

/// The program on a line, in this process.
int exit_code_of(const std::string& line) {
  std::vector<const char*> argv;
  const auto words = words_of(line);
  for (const std::string& word : words) argv.push_back(word.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int exit_code = run_program(static_cast<int>(argv.size()), argv.data());
  testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  return exit_code;
}

TEST(CommandTree, EveryCommandHasTwoExamplesThatAreRightUsage) {
  const auto program = command_tree();
  for (const CLI::App* command : working_commands(*program)) {
    const std::string path = path_of(*command);
    if (path == "completion") continue;  // Its examples are lines for a shell.
    EXPECT_EQ(examples(*command).size(), 2u) << path;
    for (const std::string& line : examples(*command)) {
      EXPECT_TRUE(line.starts_with(full_name(*command)) || path == "help") << line;
      // Their files are not there, which is another matter.
      EXPECT_EQ(exit_code_of(line), path == "help" ? 0 : 1) << line;
    }
  }
}

TEST(CommandTree, DefaultsAreToldOnceAndByTheProgram) {
  const auto program = command_tree();
  for (const CLI::App* command : all_commands(*program)) {
    const std::string text = help_text(*command, {});
    for (const char* part : {"default: \"", "default: []", "default: {}", "(default"}) {
      EXPECT_THAT(text, testing::Not(HasSubstr(part))) << full_name(*command);
    }
  }
  std::string quantize;
  std::istringstream words(help_text(*program->get_subcommand("quantize"), {}));
  for (std::string word; words >> word;) quantize += word + " ";  // However lines are broken.
  for (const char* told : {"[default: mse]", "[default: ort-cpu]", "[default: normal]",
                           "[default: 32]", "[default: 0.9999]", "[default: all]"}) {
    EXPECT_THAT(quantize, HasSubstr(told));
  }
}

TEST(CommandTree, HelpFitsNarrowTerminals) {
  const auto program = command_tree();
  for (const CLI::App* command : all_commands(*program)) {
    for (const HelpSection& section : help_sections(*command)) {
      for (const size_t columns : {30u, 50u, 80u}) {
        std::istringstream lines(laid_out(section.rows, {.columns = columns}));
        for (std::string line; std::getline(lines, line);) {
          if (line.find(' ', 6) == std::string::npos) continue;  // One long word or term.
          if (line.starts_with("      ")) {
            EXPECT_LE(line.size(), columns) << line;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace rangefinder::cli
