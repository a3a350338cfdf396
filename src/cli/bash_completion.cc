#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "cli/completion_scripts.h"
#include "cli/help_text.h"
#include "cli/value_kind.h"

// The script walks the words before the cursor once, to know the command and the option whose value
// is wanted; what there is stands in two tables, which are all that is made of the tree.

namespace rangefinder::cli {
namespace {

constexpr char kCode[] = R"(
# WORD [EXTENSION...]: files with one of the extensions, and folders; without any, all files.
_rangefinder_files() {
  local word=$1 extension found
  shift
  compopt -o filenames -o default 2>/dev/null
  if [ $# -eq 0 ]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -d -- "$word")
  for extension; do
    mapfile -t found < <(compgen -f -X "!*$extension" -- "$word")
    COMPREPLY+=("${found[@]}")
  done
}

# WORD KIND: what stands in the tables below.
_rangefinder_values() {
  local word=$1
  set -- $2
  if [ "$1" = list ]; then shift; fi
  case $1 in
    files) _rangefinder_files "$word" "${@:2}" ;;
    folders)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      ;;
    words) mapfile -t COMPREPLY < <(compgen -W "${*:2}" -- "$word") ;;
  esac
}

_rangefinder() {
  local command='' option='' value='' names='' word=${COMP_WORDS[COMP_CWORD]} i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      =) ;;
      -*)
        option=${COMP_WORDS[i]%%=*}
        _rangefinder_value "$command" "$option"
        if [ -z "$value" ]; then option=''; fi
        ;;
      *)
        if [ -z "$option" ]; then
          _rangefinder_descend "$command" "${COMP_WORDS[i]}"
        elif [ "${value%% *}" != list ]; then
          option=''
        fi
        ;;
    esac
  done
  if [ "$word" = = ]; then word=''; fi
  if [ -n "$option" ] && { [ "${word#-}" = "$word" ] || [ "${value%% *}" != list ]; }; then
    _rangefinder_values "$word" "$value"
  elif [ "${word#-}" != "$word" ]; then
    _rangefinder_options "$command"
    mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word")
  else
    _rangefinder_value "$command" ''
    _rangefinder_values "$word" "$value"
  fi
}

complete -F _rangefinder rangefinder
)";

/// As kCode reads it; empty for a flag.
std::string kind_text(const CLI::Option& option) {
  const ValueKind kind = value_kind(option);
  std::string text = is_list(option) && option.nonpositional() ? "list " : "";
  if (option.get_items_expected_max() == 0) return {};
  if (!kind.words.empty()) return text + fmt::format("words {}", fmt::join(kind.words, " "));
  if (kind.files == ValueKind::Files::kFolders) return text + "folders";
  if (kind.files == ValueKind::Files::kNone) return text + "anything";
  return text + fmt::format("files {}", fmt::join(kind.extensions, " "));
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

std::string in_quotes(const std::string& text) { return "'" + text + "'"; }

/// What stands where no option does: commands, or files.
std::string argument_kind(const CLI::App& command) {
  std::string words;
  for (const CLI::App* sub : shown_commands(command)) words += " " + sub->get_name();
  if (command.get_name() == "help") {
    for (const CLI::App* other : shown_commands(*command.get_parent())) {
      words += " " + other->get_name();
    }
  }
  if (!words.empty()) return "words" + words;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) return kind_text(*option);
  }
  return {};
}

std::string value_rows(const CLI::App& command) {
  const std::string path = path_of(command);
  std::string rows;
  for (const CLI::Option* option : command.get_options()) {
    const std::string kind = kind_text(*option);
    if (!option->nonpositional() || kind.empty()) continue;
    std::vector<std::string> keys;
    for (const std::string& name : names_of(*option)) {
      keys.push_back(in_quotes(fmt::format("{}:{}", path, name)));
    }
    rows += fmt::format("    {}) value={} ;;\n", fmt::join(keys, " | "), in_quotes(kind));
  }
  return rows + fmt::format("    {}) value={} ;;\n", in_quotes(path + ":"),
                            in_quotes(argument_kind(command)));
}

std::string option_row(const CLI::App& command) {
  std::string names;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->nonpositional()) continue;
    for (const std::string& name : names_of(*option)) names += (names.empty() ? "" : " ") + name;
  }
  return fmt::format("    {}) names={} ;;\n", in_quotes(path_of(command)), in_quotes(names));
}

std::string descent_rows(const CLI::App& command) {
  std::string rows;
  for (const CLI::App* sub : shown_commands(command)) {
    rows +=
        fmt::format("    {}) command={} ;;\n", in_quotes(path_of(command) + ":" + sub->get_name()),
                    in_quotes(path_of(*sub)));
  }
  return rows;
}

template <typename RowsOf>
std::string table(const std::string& comment, const std::string& name, const std::string& key,
                  const CLI::App& program, RowsOf rows_of) {
  std::string text = fmt::format("\n# {}\n{}() {{\n", comment, name);
  if (name == "_rangefinder_value") text += "  value=''\n";
  text += fmt::format("  case {} in\n", key);
  for (const CLI::App* command : all_commands(program)) text += rows_of(*command);
  return text + "  esac\n}\n";
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
  return "# Completes rangefinder in bash; made by 'rangefinder completion bash'.\n" +
         table("COMMAND WORD: sets command to the one that WORD leads to.", "_rangefinder_descend",
               "$1:$2", program, descent_rows) +
         table("COMMAND OPTION: sets value to the kind of its value; nothing for a flag.",
               "_rangefinder_value", "$1:$2", program, value_rows) +
         table("COMMAND: sets names to its options.", "_rangefinder_options", "$1", program,
               option_row) +
         kCode;
}

}  // namespace rangefinder::cli
