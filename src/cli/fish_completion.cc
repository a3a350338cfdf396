#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

#include "cli/completion_scripts.h"
#include "cli/help_text.h"
#include "cli/value_kind.h"

// fish wants one `complete` an option, each under the condition that its command was given.

namespace rangefinder::cli {
namespace {

constexpr char kCode[] = R"(
# Whether the words so far lead to this command; without arguments, to none.
function __rangefinder_at
    set -l at (__rangefinder_command)
    test "$at" = "$argv"
end

complete -c rangefinder -f
)";

std::string in_quotes(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

/// What a value or an argument can be, as options of `complete`.
std::string values(const ValueKind& kind) {
  if (!kind.words.empty())
    return fmt::format(" -a {}", in_quotes(fmt::format("{}", fmt::join(kind.words, " "))));
  if (kind.files == ValueKind::Files::kFolders) return " -a '(__fish_complete_directories)'";
  if (kind.files == ValueKind::Files::kNone) return {};
  if (kind.extensions.empty()) return " -F";
  std::string suffixes;
  for (const std::string& extension : kind.extensions) {
    suffixes += fmt::format("(__fish_complete_suffix {})", extension);
  }
  return fmt::format(" -k -a {}", in_quotes(suffixes));
}

std::string condition(const CLI::App& command) {
  const std::string path = path_of(command);
  return in_quotes(path.empty() ? "__rangefinder_at" : "__rangefinder_at " + path);
}

std::string option_line(const CLI::App& command, const CLI::Option& option) {
  std::string line = "complete -c rangefinder -n " + condition(command);
  for (const std::string& name : option.get_snames()) line += " -s " + name;
  for (const std::string& name : option.get_lnames()) line += " -l " + name;
  if (option.get_items_expected_max() > 0) line += " -r" + values(value_kind(option));
  return line + " -d " + in_quotes(option.get_description()) + "\n";
}

std::string lines_of(const CLI::App& command) {
  std::string lines;
  for (const CLI::App* sub : shown_commands(command)) {
    lines += fmt::format("complete -c rangefinder -n {} -a {} -d {}\n", condition(command),
                         in_quotes(sub->get_name()), in_quotes(sub->get_description()));
  }
  for (const CLI::Option* option : command.get_options()) {
    if (option->nonpositional()) {
      lines += option_line(command, *option);
    } else if (const std::string kind = values(value_kind(*option)); !kind.empty()) {
      lines += fmt::format("complete -c rangefinder -n {}{}\n", condition(command), kind);
    }
  }
  return lines;
}

/// A function that prints the command that the words before the cursor lead to.
std::string command_function(const CLI::App& program) {
  std::string cases;
  for (const CLI::App* command : all_commands(program)) {
    for (const CLI::App* sub : shown_commands(*command)) {
      cases += fmt::format("            case {}\n                set path {}\n",
                           in_quotes(path_of(*command) + "/" + sub->get_name()),
                           in_quotes(path_of(*sub)));
    }
  }
  return "\n# The command that the words so far lead to.\nfunction __rangefinder_command\n"
         "    set -l path ''\n    for word in (commandline -opc)[2..-1]\n"
         "        switch \"$path/$word\"\n" +
         cases + "        end\n    end\n    echo $path\nend\n";
}

}  // namespace

std::string fish_completion(const CLI::App& program) {
  std::string text = "# Completes rangefinder in fish; made by 'rangefinder completion fish'.\n" +
                     command_function(program) + kCode;
  for (const CLI::App* command : all_commands(program)) text += lines_of(*command);
  return text;
}

}  // namespace rangefinder::cli
