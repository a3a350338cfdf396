#include "report/hints.h"

#include <algorithm>
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

}  // namespace

std::string with_option(const std::vector<std::string>& command, const std::string& option,
                        const std::string& value) {
  std::string text;
  const auto add = [&](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
  for (size_t i = 0; i < command.size(); ++i) {
    if (command[i] == option) {
      i += value.empty() ? 0 : 1;
    } else if (!command[i].starts_with(option + "=")) {
      add(quoted(command[i]));
    }
  }
  add(option);
  if (!value.empty()) add(quoted(value));
  return text;
}

}  // namespace rangefinder::report
