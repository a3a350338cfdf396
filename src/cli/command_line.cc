#include "cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "cli/value_kind.h"
#include "rangefinder/near_names.h"

// CLI11 reads a list of values greedily and reports words that it does not know last, when others
// are missing because of them. So the words are walked once before it sees them, with the same
// tree: which word is a command, an option, its value, an argument.

namespace rangefinder::cli {
namespace {

using Words = std::vector<std::string>;

/// As CLI11 tells options from values: "-1" is a value.
bool looks_like_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-' &&
         std::isdigit(static_cast<unsigned char>(word[1])) == 0 && word[1] != '.';
}

std::string extension_of(const std::string& word) {
  std::string extension = std::filesystem::path(word).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

bool takes(const CLI::Option& option, const std::string& word) {
  const auto& extensions = value_kind(option).extensions;
  return std::find(extensions.begin(), extensions.end(), extension_of(word)) != extensions.end();
}

Words long_names(const CLI::App& command) {
  Words names;
  for (const CLI::Option* option : command.get_options()) {
    const auto& more = option->get_lnames();
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

const CLI::Option* find_option(const CLI::App& command, const std::string& word) {
  for (const CLI::Option* option : command.get_options()) {
    if (word.starts_with("--") ? option->check_lname(word.substr(2))
                               : option->check_sname(word.substr(1, 1))) {
      return option;
    }
  }
  return nullptr;
}

[[noreturn]] void refuse_option(const CLI::App& command, const std::string& word) {
  const std::string bare = word.substr(std::min(word.find_first_not_of('-'), word.size()));
  Words near = near_names(bare, long_names(command));
  for (std::string& name : near) name.insert(0, "--");
  const std::string name = command.get_parent() == nullptr ? "" : command.get_name() + ": ";
  throw std::invalid_argument(
      fmt::format("{}unknown option '{}'{}", name, word, did_you_mean("--" + bare, near)));
}

class Reader {
 public:
  Reader(const CLI::App& program, const Words& words) : command_(&program), words_(words) {}

  Words read() {
    while (next_ < words_.size()) {
      const std::string& word = words_[next_];
      if (word == "--") {
        take_rest();
        break;
      }
      take();
      if (looks_like_option(word)) {
        read_option(word);
      } else if (!command_->get_subcommands({}).empty()) {
        command_ = &find_command(*command_, word);
      } else if (names_command(word)) {
        read_.insert(read_.end() - 1, "--");
        take_rest();
      } else {
        ++argument_count_;
      }
    }
    return std::move(read_);
  }

 private:
  void take() { read_.push_back(words_[next_++]); }
  void take_rest() {
    while (next_ < words_.size()) take();
  }

  /// An argument of `help`: CLI11 would begin another command.
  bool names_command(const std::string& word) const {
    if (command_->get_name() != "help") return false;
    const auto others = command_->get_parent()->get_subcommands({});
    return std::any_of(others.begin(), others.end(),
                       [&](const CLI::App* other) { return other->get_name() == word; });
  }

  void read_option(const std::string& word) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const CLI::Option* option = find_option(*command_, name);
    if (option == nullptr) refuse_option(*command_, name);
    const bool has_value =
        equals != std::string::npos || (!word.starts_with("--") && word.size() > 2);
    if (option->get_items_expected_max() == 0) return;
    if (!has_value) take_value(*option, name);
    if (is_list(*option)) take_list(*option);
  }

  void take_value(const CLI::Option& option, const std::string& name) {
    if (next_ == words_.size()) return;  // CLI11 says so.
    const std::string& word = words_[next_];
    if (looks_like_option(word) && find_option(*command_, word.substr(0, word.find('=')))) {
      throw std::invalid_argument(
          fmt::format("{} needs {}, found the option '{}'", name, placeholder(option), word));
    }
    take();
  }

  void take_list(const CLI::Option& option) {
    while (next_ < words_.size() && !looks_like_option(words_[next_])) {
      if (ends_list(option, words_[next_])) {
        read_.emplace_back("--");
        return;
      }
      take();
    }
  }

  /// The word is a file of the kind that a missing argument wants, and of no kind that the list
  /// asks for.
  bool ends_list(const CLI::Option& list, const std::string& word) const {
    if (takes(list, word)) return false;
    size_t place = 0;
    for (const CLI::Option* option : command_->get_options()) {
      if (!option->get_positional() || !option->get_required()) continue;
      if (place++ >= argument_count_ && takes(*option, word)) return true;
    }
    return false;
  }

  const CLI::App* command_;
  const Words& words_;
  size_t next_ = 0;
  size_t argument_count_ = 0;
  Words read_;
};

}  // namespace

std::vector<std::string> understood(const CLI::App& program, const Words& words) {
  return Reader(program, words).read();
}

const CLI::App& find_command(const CLI::App& parent, const std::string& name) {
  Words known;
  for (const CLI::App* sub : parent.get_subcommands({})) {
    if (sub->get_name() == name) return *sub;
    if (!sub->get_group().empty()) known.push_back(sub->get_name());
  }
  // `rangefinder version` means an option.
  for (const std::string& option : long_names(parent)) known.push_back("--" + option);
  const std::string near = did_you_mean(name, known);
  throw std::invalid_argument(
      fmt::format("unknown command '{}'{}", name,
                  near.empty() ? fmt::format("; 'rangefinder help' lists the commands") : near));
}

const CLI::App& command_of(const CLI::App& program, const Words& words) {
  const CLI::App* command = &program;
  for (const std::string& word : words) {
    const auto below = command->get_subcommands({});
    const auto found = std::find_if(below.begin(), below.end(),
                                    [&](const CLI::App* sub) { return sub->get_name() == word; });
    if (found != below.end()) command = *found;
  }
  return *command;
}

std::string missing_argument_hint(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->nonpositional() && is_list(*option) && option->count() > 1) {
      return fmt::format("; {} takes all words up to the next option", option->get_name());
    }
  }
  return {};
}

}  // namespace rangefinder::cli
