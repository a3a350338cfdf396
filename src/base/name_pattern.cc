#include "base/name_pattern.h"

namespace rangefinder {
namespace {

/// Where the character of UTF-8 that stands at `place` ends. A stray byte is a character, too.
size_t end_of_character(std::string_view text, size_t place) {
  ++place;
  while (place < text.size() && (static_cast<unsigned char>(text[place]) & 0xC0) == 0x80) ++place;
  return place;
}

}  // namespace

// When a comparison fails, only the last star swallows one more byte and all behind it is compared
// again: what an earlier star could gain, the last one can gain as well.
bool NamePattern::fits(std::string_view name) const {
  size_t at = 0;
  size_t place = 0;
  size_t star = std::string_view::npos;
  size_t swallowed = 0;
  while (place < name.size()) {
    const bool is_over = at == text_.size();
    if (!is_over && text_[at] == '*') {
      star = at++;
      swallowed = place;
    } else if (!is_over && text_[at] == '?') {
      ++at;
      place = end_of_character(name, place);
    } else if (!is_over && text_[at] == name[place]) {
      ++at;
      ++place;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      place = ++swallowed;
    } else {
      return false;
    }
  }
  return text_.find_first_not_of('*', at) == std::string::npos;
}

}  // namespace rangefinder
