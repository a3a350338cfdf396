#include "base/near_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

namespace rangefinder {
namespace {

constexpr size_t kMaxNames = 3;
/// Beyond this, names are cut for the comparison: a file may hold any.
constexpr size_t kMaxLength = 200;

/// Lower case, without the wildcards of a pattern.
std::string comparable(std::string_view name) {
  std::string text;
  for (const char c : name.substr(0, kMaxLength)) {
    if (c == '*' || c == '?') continue;
    text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return text;
}

/// Insertions, deletions and replacements that make `right` of `left`.
size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < left.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < right.size(); ++j) {
      const size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> near_names(std::string_view wanted, std::span<const std::string> known) {
  const std::string target = comparable(wanted);
  if (target.empty()) return {};
  // What differs first, then the place in the list: ties stay in order.
  std::vector<std::pair<size_t, size_t>> ranked;
  for (size_t i = 0; i < known.size(); ++i) {
    const std::string name = comparable(known[i]);
    const size_t distance = edit_distance(target, name);
    const bool is_near = distance * 3 <= std::max(target.size(), name.size());
    const bool is_part = target.size() > 1 && name.find(target) != std::string::npos;
    if (is_near || is_part) ranked.emplace_back(distance, i);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (const auto& [distance, place] : ranked) {
    if (names.size() == kMaxNames) break;
    const std::string& name = known[place];
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::string did_you_mean(std::string_view wanted, std::span<const std::string> known) {
  const auto names = near_names(wanted, known);
  if (names.empty()) return {};
  std::string text = "; did you mean ";
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 < names.size() ? ", " : " or ";
    text += fmt::format("'{}'", names[i]);
  }
  return text + "?";
}

}  // namespace rangefinder
