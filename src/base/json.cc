#include "base/json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <vector>

namespace rangefinder {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kExcerptBytes = 80;

/// Watches the parser, which itself keeps no stack: stops it before a value is built that
/// recursion could not walk, and where a key is there twice.
class Watcher {
 public:
  bool operator()(int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    const bool opens = event == Event::object_start || event == Event::array_start;
    // What opens here is one deeper than what it stands in.
    if (opens && depth >= kDeepestJson) {
      throw std::invalid_argument(fmt::format("JSON nested deeper than {} levels", kDeepestJson));
    }
    if (event == Event::object_start) {
      keys_.emplace_back();
    } else if (event == Event::object_end) {
      keys_.pop_back();
    } else if (event == Event::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) {
        throw std::invalid_argument(fmt::format("JSON with the key '{}' twice", key));
      }
    }
    return true;
  }

 private:
  std::vector<std::unordered_set<std::string>> keys_;
};

[[noreturn]] void refuse(std::string_view what, const Json& found, const std::string& allowed) {
  throw std::invalid_argument(
      fmt::format("{} is {}; allowed: {}", what, json_excerpt(found), allowed));
}

}  // namespace

Json parse_json(std::string_view text) {
  if (text.size() > kLargestJson) {
    throw std::invalid_argument(
        fmt::format("JSON of {} bytes; allowed: {} at most", text.size(), kLargestJson));
  }
  Watcher watcher;
  try {
    return Json::parse(text, [&](int depth, Json::parse_event_t event, Json& value) {
      return watcher(depth, event, value);
    });
  } catch (const Json::exception& error) {
    throw std::invalid_argument(fmt::format("not JSON: {}", error.what()));
  }
}

int64_t json_integer(const Json& value, std::string_view what, int64_t least, int64_t most) {
  const auto refuse_it = [&] {
    refuse(what, value,
           least == INT64_MIN && most == INT64_MAX ? "an integer of 64 bits"
           : most == INT64_MAX                     ? fmt::format("an integer, {} or more", least)
                               : fmt::format("an integer from {} to {}", least, most));
  };
  if (!value.is_number_integer()) refuse_it();
  if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX}) refuse_it();
  const auto number = value.get<int64_t>();
  if (number < least || number > most) refuse_it();
  return number;
}

double json_number(const Json& value, std::string_view what) {
  if (!value.is_number()) refuse(what, value, "a number");
  const auto number = value.get<double>();
  if (!std::isfinite(number)) refuse(what, value, "a finite number");
  return number;
}

float json_float(const Json& value, std::string_view what) {
  const auto number = static_cast<float>(json_number(value, what));
  if (!std::isfinite(number)) refuse(what, value, "a number that a float32 can hold");
  return number;
}

std::string json_string(const Json& value, std::string_view what) {
  if (!value.is_string()) refuse(what, value, "a text");
  return value.get<std::string>();
}

std::string json_excerpt(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= kExcerptBytes) return text;
  size_t end = kExcerptBytes;
  // Not within a UTF-8 character: its later bytes are 10xxxxxx.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80) --end;
  return text.substr(0, end) + "...";
}

}  // namespace rangefinder
