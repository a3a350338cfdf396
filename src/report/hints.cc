#include "report/hints.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace rangefinder::report {
namespace {

bool is_plain(char c) {
  constexpr std::string_view kMarks = "-_./=:,+@%^";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

/// As a POSIX shell reads it back: everything between single quotes stands for itself.
std::string quoted(const std::string& word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return word;
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text + "'";
}

/// Options that only some methods read.
constexpr std::array<std::string_view, 4> kOfMethods = {"--percentile", "--alpha", "--axis",
                                                        "--top-k"};

/// The option itself, and, of a method that becomes another one, those that the new one may not
/// read.
bool gives_way(std::string_view word, const std::vector<std::string>& command,
               const std::string& option) {
  const std::string_view name = word.substr(0, word.find('='));
  if (name == option) return true;
  if (option != "--method" ||
      std::find(kOfMethods.begin(), kOfMethods.end(), name) == kOfMethods.end()) {
    return false;
  }
  return std::none_of(command.begin(), command.end(),
                      [](const std::string& other) { return other.starts_with("--method-for"); });
}

}  // namespace

std::string with_option(const std::vector<std::string>& command, const std::string& option,
                        const std::string& value) {
  std::string text;
  const auto add = [&](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
  for (size_t i = 0; i < command.size(); ++i) {
    if (!gives_way(command[i], command, option)) {
      add(quoted(command[i]));
    } else if (command[i].find('=') == std::string::npos && !value.empty()) {
      ++i;
    }
  }
  add(option);
  if (!value.empty()) add(quoted(value));
  return text;
}

}  // namespace rangefinder::report
