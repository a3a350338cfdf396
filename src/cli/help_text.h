#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/text_layout.h"

namespace rangefinder::cli {

// The help, the manual page and the completions are made of the same tree of commands, options and
// their descriptions; nothing is written twice. What CLI11 has no place for - lists of methods,
// examples - stands in a command's footer, in sections.

/// Rows under a title, such as the methods that an option takes.
void add_section(CLI::App& command, const std::string& title, const std::vector<TextRow>& rows);

/// Command lines to copy, as they are.
void add_examples(CLI::App& command, const std::vector<std::string>& lines);

/// Sections about every method, target or type of analog ranges that the library knows.
void add_method_section(CLI::App& command);
void add_target_section(CLI::App& command);
void add_type_section(CLI::App& command);

/// Options that are added while it lives stand under this heading.
class OptionGroup {
 public:
  OptionGroup(CLI::App& command, const std::string& heading);
  ~OptionGroup();
  OptionGroup(const OptionGroup&) = delete;
  OptionGroup& operator=(const OptionGroup&) = delete;

 private:
  CLI::App& command_;
  std::string before_;
};

/// Those directly below that are shown.
std::vector<const CLI::App*> shown_commands(const CLI::App& command);

/// The program and all commands below it that are shown, parents first.
std::vector<const CLI::App*> all_commands(const CLI::App& program);

/// The names by which a command is called behind the program's: "analog calibrate".
std::string path_of(const CLI::App& command);

/// A part of the help, before it is laid out.
struct HelpSection {
  std::string title;
  std::vector<TextRow> rows = {};
  /// Instead of rows: lines that stay as they are.
  std::vector<std::string> lines = {};
};

/// "rangefinder quantize MODEL --data PATH... -o FILE.onnx [options]": what is needed.
std::string usage_of(const CLI::App& command);

/// "rangefinder analog calibrate"
std::string full_name(const CLI::App& command);

/// What a command takes, in the order in which it is shown: commands, arguments, options by group,
/// and the sections of its footer.
std::vector<HelpSection> help_sections(const CLI::App& command);

/// The whole help of a command.
std::string help_text(const CLI::App& command, const TextStyle& style);

}  // namespace rangefinder::cli
