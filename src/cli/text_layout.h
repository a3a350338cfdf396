#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rangefinder::cli {

/// How text is to look where it is shown.
struct TextStyle {
  size_t columns = 80;
  /// Headings in bold, by the terminal's own codes.
  bool is_bold = false;
};

/// For standard output: the terminal's width, or what COLUMNS says, or 80, at most 100 and at least
/// 20; bold on a terminal unless NO_COLOR says otherwise or the terminal is a dumb one.
TextStyle style_of_output();

/// A row of two columns: what is explained, and how.
struct TextRow {
  std::string term;
  std::string text;
};

/// Words in lines of at most `columns`, each behind `indent` spaces; longer words stay whole.
std::string wrapped(std::string_view text, size_t indent, size_t columns);

/// Terms left and texts right of them; where that leaves too little room, texts below their terms.
std::string laid_out(const std::vector<TextRow>& rows, const TextStyle& style);

std::string heading(const std::string& text, const TextStyle& style);

}  // namespace rangefinder::cli
