#include "cli/help_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "cli/value_kind.h"
#include "rangefinder/analog.h"
#include "rangefinder/method.h"
#include "rangefinder/method_info.h"

// A footer is text: a title that ends in ':', below it either rows "term <tab> text" or lines that
// stay as they are, and an empty line between sections.

namespace rangefinder::cli {
namespace {

constexpr char kOptions[] = "Options";
constexpr char kExamples[] = "Examples";

void append(CLI::App& command, const std::string& section) {
  const std::string footer = command.get_footer();
  command.footer(footer.empty() ? section : footer + "\n" + section);
}

std::vector<TextRow> rows_of(const std::vector<MethodInfo>& infos, const std::string& otherwise) {
  std::vector<TextRow> rows;
  for (const MethodInfo& info : infos) {
    rows.push_back({info.name, info.summary.empty() ? otherwise : info.summary});
  }
  return rows;
}

std::vector<HelpSection> footer_sections(const CLI::App& command) {
  std::vector<HelpSection> sections;
  std::istringstream footer(command.get_footer());
  bool is_title = true;
  for (std::string line; std::getline(footer, line); is_title = line.empty()) {
    if (line.empty()) continue;
    const size_t tab = line.find('\t');
    if (is_title) {
      sections.push_back({.title = line});
    } else if (tab != std::string::npos) {
      sections.back().rows.push_back({line.substr(0, tab), line.substr(tab + 1)});
    } else {
      sections.back().lines.push_back(line);
    }
  }
  return sections;
}

std::string value_of(const CLI::Option& option) {
  const std::string text = placeholder(option);
  return is_list(option) ? text + "..." : text;
}

std::string term_of(const CLI::Option& option) {
  std::string term;
  for (const std::string& name : option.get_snames()) term += (term.empty() ? "-" : ", -") + name;
  for (const std::string& name : option.get_lnames()) term += (term.empty() ? "--" : ", --") + name;
  const std::string value = value_of(option);
  return value.empty() ? term : term + " " + value;
}

std::string shown_default(const CLI::Option& option) {
  const std::string text = option.get_default_str();
  const bool says_nothing = text.empty() || text == "\"\"" || text == "[]" || text == "{}" ||
                            option.get_items_expected_max() == 0 || option.get_required();
  return says_nothing ? "" : fmt::format(" [default: {}]", text);
}

std::string text_of(const CLI::Option& option) {
  return option.get_description() + (option.get_required() ? " (required)" : "") +
         shown_default(option);
}

std::string positional_of(const CLI::Option& option) {
  return option.get_name(true, false) + (is_list(option) ? "..." : "");
}

/// CLI11's options are those of the command itself; positional ones are not wanted here.
std::vector<HelpSection> option_sections(const CLI::App& command) {
  std::vector<HelpSection> sections;
  HelpSection last{.title = kOptions};
  for (const CLI::Option* option : command.get_options()) {
    if (!option->nonpositional() || option->get_group().empty()) continue;
    const TextRow row{term_of(*option), text_of(*option)};
    if (option->get_group() == kOptions) {
      last.rows.push_back(row);
      continue;
    }
    auto found = std::find_if(sections.begin(), sections.end(), [&](const HelpSection& section) {
      return section.title == option->get_group();
    });
    if (found == sections.end()) {
      found = sections.insert(sections.end(), {.title = option->get_group()});
    }
    found->rows.push_back(row);
  }
  if (!last.rows.empty()) sections.push_back(std::move(last));
  return sections;
}

HelpSection argument_section(const CLI::App& command) {
  HelpSection section{.title = "Arguments"};
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) {
      section.rows.push_back({positional_of(*option), option->get_description()});
    }
  }
  return section;
}

HelpSection command_section(const CLI::App& command) {
  HelpSection section{.title = "Commands"};
  for (const CLI::App* sub : shown_commands(command)) {
    const auto below = shown_commands(*sub);
    if (below.empty()) section.rows.push_back({sub->get_name(), sub->get_description()});
    for (const CLI::App* one : below) {
      section.rows.push_back({sub->get_name() + " " + one->get_name(), one->get_description()});
    }
  }
  return section;
}

std::string text_of(const HelpSection& section, const TextStyle& style) {
  std::string text = "\n" + heading(section.title + ":", style) + "\n";
  for (const std::string& line : section.lines) text += "  " + line + "\n";
  return text + laid_out(section.rows, style);
}

}  // namespace

void add_section(CLI::App& command, const std::string& title, const std::vector<TextRow>& rows) {
  std::string text = title + "\n";
  for (const TextRow& row : rows) text += row.term + "\t" + row.text + "\n";
  append(command, text);
}

void add_examples(CLI::App& command, const std::vector<std::string>& lines) {
  std::string text = std::string(kExamples) + "\n";
  for (const std::string& line : lines) text += line + "\n";
  append(command, text);
}

void add_method_section(CLI::App& command) {
  add_section(command, "Calibration methods",
              rows_of(method_infos(), "registered by this program or a plug-in"));
}

void add_target_section(CLI::App& command) {
  std::vector<TextRow> rows;
  for (const TargetInfo& target : known_targets()) rows.push_back({target.name, target.summary});
  add_section(command, "Targets", rows);
}

void add_type_section(CLI::App& command) {
  add_section(command, "Types of input ranges", rows_of(input_range_calibration_types(), ""));
}

OptionGroup::OptionGroup(CLI::App& command, const std::string& heading)
    : command_(command), before_(command.option_defaults()->get_group()) {
  command_.option_defaults()->group(heading);
}

OptionGroup::~OptionGroup() { command_.option_defaults()->group(before_); }

std::vector<const CLI::App*> shown_commands(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
}

std::vector<const CLI::App*> all_commands(const CLI::App& program) {
  std::vector<const CLI::App*> commands = {&program};
  for (const CLI::App* sub : shown_commands(program)) {
    for (const CLI::App* one : all_commands(*sub)) commands.push_back(one);
  }
  return commands;
}

std::string path_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  if (parent == nullptr) return {};
  const std::string above = path_of(*parent);
  return above.empty() ? command.get_name() : above + " " + command.get_name();
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

std::string usage_of(const CLI::App& command) {
  std::string text = full_name(command);
  if (!shown_commands(command).empty()) text += " COMMAND";
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = positional_of(*option);
    text += option->get_required() ? " " + name : " [" + name + "]";
  }
  for (const CLI::Option* option : command.get_options()) {
    if (!option->nonpositional() || !option->get_required()) continue;
    const auto& shorts = option->get_snames();
    text += shorts.empty() ? " --" + option->get_lnames().front() : " -" + shorts.front();
    text += " " + value_of(*option);
  }
  return text + " [options]";
}

std::vector<HelpSection> help_sections(const CLI::App& command) {
  std::vector<HelpSection> sections = {command_section(command), argument_section(command)};
  for (HelpSection& section : option_sections(command)) sections.push_back(std::move(section));
  for (HelpSection& section : footer_sections(command)) sections.push_back(std::move(section));
  std::erase_if(sections, [](const HelpSection& section) {
    return section.rows.empty() && section.lines.empty();
  });
  return sections;
}

std::string help_text(const CLI::App& command, const TextStyle& style) {
  std::string text = heading("Usage:", style) + "\n";
  text += wrapped(usage_of(command), 2, style.columns);
  text += "\n" + wrapped(command.get_description(), 0, style.columns);
  for (const HelpSection& section : help_sections(command)) text += text_of(section, style);
  return text;
}

}  // namespace rangefinder::cli
