#pragma once

#include <string>
#include <string_view>

namespace rangefinder {

/// A pattern for the names of nodes and tensors: `*` stands for any run of characters, the empty
/// one included, `?` for one character (of UTF-8). Everything else, brackets and backslashes too,
/// stands for itself, because names hold them: "layers[1]/conv".
/// The whole name must fit. Cost: pattern times name at most, in constant memory.
class NamePattern {
 public:
  explicit NamePattern(std::string_view text) : text_(text) {}

  bool fits(std::string_view name) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace rangefinder
