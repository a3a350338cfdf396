#include "base/printable.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace rangefinder {
namespace {

/// A character at the start of a text; a size of 0 if it is not well-formed UTF-8.
struct Character {
  uint32_t code = 0;
  size_t size = 0;
};

/// How many bytes a character takes that starts with this one; 0 for one that starts none.
size_t size_by_first(uint8_t first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

Character first_character(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  const size_t size = size_by_first(first);
  if (size == 0 || size > text.size()) return {};
  uint32_t code = size == 1 ? first : first & (0xFFu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if ((byte & 0xC0) != 0x80) return {};
    code = code << 6 | (byte & 0x3Fu);
  }
  const bool too_long = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool no_character = (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF;
  return too_long || no_character ? Character{} : Character{code, size};
}

/// Control characters, ends of lines and paragraphs, marks of the direction of writing, and the
/// byte order mark.
bool is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x61C ||
         (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

void append_escape(uint32_t code, std::string& to) {
  if (code == '\n') {
    to += "\\n";
  } else if (code == '\t') {
    to += "\\t";
  } else if (code == '\r') {
    to += "\\r";
  } else if (code < 0x80) {
    fmt::format_to(std::back_inserter(to), "\\x{:02x}", code);
  } else {
    fmt::format_to(std::back_inserter(to), "\\u{{{:04x}}}", code);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.size == 0) {
      fmt::format_to(std::back_inserter(result), "\\x{:02x}", static_cast<uint8_t>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (is_control(character.code)) {
      append_escape(character.code, result);
    } else {
      result.append(text.substr(0, character.size));
    }
    text.remove_prefix(character.size);
  }
  return result;
}

}  // namespace rangefinder
