#include "cli/value_kind.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "rangefinder/analog.h"
#include "rangefinder/export_table.h"
#include "rangefinder/method.h"
#include "rangefinder/method_info.h"
#include "rangefinder/near_names.h"
#include "rangefinder/rounding.h"

namespace rangefinder::cli {
namespace {

constexpr std::string_view kFile = "FILE";

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

template <typename Info>
std::vector<std::string> names_of(const std::vector<Info>& infos) {
  std::vector<std::string> names;
  for (const Info& info : infos) names.push_back(info.name);
  return names;
}

/// CLI11's own check for one of a few words shows them as {a,b}.
std::vector<std::string> words_in_braces(const std::string& text) {
  const size_t open = text.find('{');
  const size_t close = text.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return split(std::string_view(text).substr(open + 1, close - open - 1), ',');
}

std::vector<std::string> rounding_names() {
  std::vector<std::string> names;
  for (const Rounding rounding :
       {Rounding::kHalfEven, Rounding::kHalfUp, Rounding::kHalfDown, Rounding::kHalfTowardsZero,
        Rounding::kHalfFarFromZero, Rounding::kToNearInt, Rounding::kUp, Rounding::kDown}) {
    names.emplace_back(name_of(rounding));
  }
  return names;
}

bool is_word(const std::string& text) {
  return !text.empty() && std::none_of(text.begin(), text.end(),
                                       [](unsigned char c) { return std::isupper(c) != 0; });
}

}  // namespace

std::string placeholder(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {};
  const std::string text = option.get_type_name();
  return text.substr(0, text.find(':'));
}

ValueKind value_kind(const CLI::Option& option) {
  const std::string text = placeholder(option);
  if (text == "METHOD") return {.words = known_methods()};
  if (text == "TARGET") return {.words = names_of(known_targets())};
  if (text == "TYPE") return {.words = names_of(input_range_calibration_types())};
  if (text == "FORMAT") return {.words = names_of(table_formats())};
  if (text == "ROUNDING") return {.words = rounding_names()};
  if (text == kFolder) return {.files = ValueKind::Files::kFolders};
  if (text == kSamplePath || text == kFile) return {.files = ValueKind::Files::kFiles};
  ValueKind kind;
  for (const std::string& part : split(text, '|')) {
    if (part.starts_with("FILE.")) {
      kind.files = ValueKind::Files::kFiles;
      kind.extensions.push_back(part.substr(kFile.size()));
    } else if (is_word(part)) {
      kind.words.push_back(part);
    }
  }
  if (kind == ValueKind()) kind.words = words_in_braces(option.get_type_name());
  return kind;
}

bool is_list(const CLI::Option& option) { return option.get_items_expected_max() > 1; }

void require_word(CLI::Option& option, std::vector<std::string> words) {
  option.type_name(fmt::format("{}", fmt::join(words, "|")));
  option.check(CLI::Validator(
      [words = std::move(words)](const std::string& word) -> std::string {
        if (std::find(words.begin(), words.end(), word) != words.end()) return {};
        return fmt::format("'{}' is not one of {}{}", word, fmt::join(words, ", "),
                           did_you_mean(word, words));
      },
      ""));
}

CLI::Option* add_result_option(CLI::App& command, const std::string& names,
                               std::filesystem::path& file, const std::string& description,
                               const char* placeholder) {
  return command.add_option(names, file, description)
      ->type_name(placeholder)
      ->check(CLI::Validator(
          [](const std::string& name) -> std::string {
            if (name != "-") return {};
            return "results are not written to standard output; name a file ('./-' is the file -)";
          },
          ""));
}

}  // namespace rangefinder::cli
