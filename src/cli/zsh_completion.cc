#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

#include "cli/completion_scripts.h"
#include "cli/help_text.h"
#include "cli/value_kind.h"

// zsh's _arguments does the work: one specification an option, one function a command.

namespace rangefinder::cli {
namespace {

/// Between single quotes, with what _arguments would read as its own escaped.
std::string escaped(const std::string& text, std::string_view special) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result;
}

std::string action(const CLI::Option& option) {
  const ValueKind kind = value_kind(option);
  if (!kind.words.empty()) return fmt::format("({})", fmt::join(kind.words, " "));
  if (kind.files == ValueKind::Files::kFolders) return "_files -/";
  if (kind.files == ValueKind::Files::kNone) return " ";
  if (kind.extensions.empty()) return "_files";
  std::string globs;
  for (const std::string& extension : kind.extensions) {
    globs += (globs.empty() ? "*" : "|*") + extension;
  }
  return fmt::format("_files -g \"({})\"", globs);
}

/// ":PATH:_files", with the pattern of words that end a list before it.
std::string value(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {};
  return fmt::format("{}:{}:{}", is_list(option) ? ":*-*" : "", escaped(placeholder(option), ":"),
                     action(option));
}

std::string option_line(const CLI::Option& option) {
  const std::string text = escaped(option.get_description(), "[]\\") + "]" + value(option);
  const std::string repeat = is_list(option) ? "*" : "";
  std::string lines;
  const auto add = [&](const std::string& name) {
    lines += fmt::format("    '{}{}[{}' \\\n", repeat, name, text);
  };
  for (const std::string& name : option.get_snames()) add("-" + name);
  for (const std::string& name : option.get_lnames()) add("--" + name);
  return lines;
}

std::string argument_line(const CLI::Option& option) {
  return fmt::format("    '{}:{}:{}' \\\n", is_list(option) ? "*" : "",
                     escaped(option.get_name(true, false), ":"), action(option));
}

std::string function_of(const CLI::App& command) {
  std::string name = "_" + full_name(command);
  for (char& c : name) c = c == ' ' ? '_' : c;
  return name;
}

std::string options_of(const CLI::App& command) {
  std::string lines;
  for (const CLI::Option* option : command.get_options()) {
    if (option->nonpositional()) lines += option_line(*option);
  }
  return lines;
}

/// A command with others below it: its options, then one of those.
std::string parent_function(const CLI::App& command) {
  std::string names;
  std::string cases;
  for (const CLI::App* sub : shown_commands(command)) {
    names +=
        fmt::format("        '{}:{}'\n", sub->get_name(), escaped(sub->get_description(), "\\"));
    cases += fmt::format("        {}) {} ;;\n", sub->get_name(), function_of(*sub));
  }
  return fmt::format(
      "{}() {{\n  local context state state_descr line\n  typeset -A opt_args\n"
      "  _arguments -C -S : \\\n{}    '1:command:->command' \\\n    '*::argument:->argument'\n"
      "  case $state in\n    command)\n      local -a commands=(\n{}      )\n"
      "      _describe command commands\n      ;;\n"
      "    argument)\n      case $words[1] in\n{}      esac\n      ;;\n  esac\n}}\n\n",
      function_of(command), options_of(command), names, cases);
}

std::string function(const CLI::App& command) {
  if (!shown_commands(command).empty()) return parent_function(command);
  std::string lines = options_of(command);
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) lines += argument_line(*option);
  }
  return fmt::format("{}() {{\n  _arguments -S : \\\n{}    && return 0\n}}\n\n",
                     function_of(command), lines);
}

}  // namespace

std::string zsh_completion(const CLI::App& program) {
  std::string text =
      "#compdef rangefinder\n"
      "# Completes rangefinder in zsh; made by 'rangefinder completion zsh'.\n\n";
  for (const CLI::App* command : all_commands(program)) text += function(*command);
  return text +
         "if [[ $funcstack[1] = _rangefinder ]]; then\n  _rangefinder \"$@\"\nelse\n"
         "  compdef _rangefinder rangefinder\nfi\n";
}

}  // namespace rangefinder::cli
