#include "cli/text_layout.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace rangefinder::cli {
namespace {

constexpr size_t kMostColumns = 100;
constexpr size_t kLeastColumns = 20;
constexpr size_t kIndent = 2;
/// Longer terms have their text in the next line.
constexpr size_t kLongestTerm = 26;
/// A right column narrower than this reads badly: texts then go below.
constexpr size_t kLeastText = 28;

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<size_t> columns_told() {
  const std::string_view text = environment("COLUMNS");
  size_t columns = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  if (error != std::errc() || stop != text.data() + text.size() || columns == 0) return {};
  return columns;
}

std::optional<size_t> columns_of_terminal() {
  winsize size = {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
  return size.ws_col;
}

size_t longest_term(const std::vector<TextRow>& rows) {
  size_t longest = 0;
  for (const TextRow& row : rows) {
    if (row.term.size() <= kLongestTerm) longest = std::max(longest, row.term.size());
  }
  return longest;
}

}  // namespace

TextStyle style_of_output() {
  TextStyle style;
  const auto told = columns_told();
  style.columns = told ? *told : columns_of_terminal().value_or(style.columns);
  style.columns = std::clamp(style.columns, kLeastColumns, kMostColumns);
  style.is_bold = ::isatty(STDOUT_FILENO) != 0 && environment("NO_COLOR").empty() &&
                  !environment("TERM").empty() && environment("TERM") != "dumb";
  return style;
}

std::string wrapped(std::string_view text, size_t indent, size_t columns) {
  std::string result;
  size_t used = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (used > 0 && used + 1 + word.size() <= columns) {
      result += ' ';
      ++used;
    } else {
      if (used > 0) result += '\n';
      result.append(indent, ' ');
      used = indent;
    }
    result += word;
    used += word.size();
  }
  return result.empty() ? result : result + '\n';
}

std::string laid_out(const std::vector<TextRow>& rows, const TextStyle& style) {
  size_t indent = kIndent + longest_term(rows) + 2;
  const bool is_narrow = indent + kLeastText > style.columns;
  if (is_narrow) indent = 3 * kIndent;
  std::string result;
  for (const TextRow& row : rows) {
    std::string line = std::string(kIndent, ' ') + row.term;
    std::string text = wrapped(row.text, indent, style.columns);
    if (!text.empty() && line.size() + 2 <= indent && !is_narrow) {
      text.erase(0, indent);
      line.resize(indent, ' ');
    } else {
      line += '\n';
    }
    result += line + text;
  }
  return result;
}

std::string heading(const std::string& text, const TextStyle& style) {
  return style.is_bold ? "\x1b[1m" + text + "\x1b[0m" : text;
}

}  // namespace rangefinder::cli
