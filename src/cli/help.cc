#include <memory>

#include "cli/command_line.h"
#include "cli/help_text.h"
#include "cli/man_page.h"
#include "cli/options.h"
#include "cli/subcommands.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::vector<std::string> command;
  bool man = false;
};

void run(const CLI::App& program, const Arguments& arguments) {
  if (arguments.man) return print(man_page(program));
  const CLI::App* command = &program;
  for (const std::string& word : arguments.command) command = &find_command(*command, word);
  print(help_text(*command, style_of_output()));
}

}  // namespace

void add_help(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("help", "Tell what a command does and takes");
  auto* words = command.add_option("COMMAND", arguments->command,
                                   "The command; without one, the program as a whole");
  command.add_flag("--man", arguments->man, "Print the manual page of all commands, for man(1)")
      ->excludes(words);
  add_examples(command, {"rangefinder help quantize", "rangefinder help analog calibrate"});
  command.callback([arguments, &app] { run(app, *arguments); });
}

}  // namespace rangefinder::cli
