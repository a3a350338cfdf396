#include "report/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "base/json.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(const std::string& place, const Json& found, std::string_view allowed) {
  throw std::invalid_argument(
      fmt::format("{} is {}; allowed: {}", place, json_excerpt(found), allowed));
}

}  // namespace

Fields::Fields(const Json& object, std::string place) : object_(&object), place_(std::move(place)) {
  if (!object.is_object()) refuse(place_.empty() ? "the document" : place_, object, "an object");
}

std::string Fields::place_of(std::string_view key) const {
  return place_.empty() ? std::string(key) : fmt::format("{}.{}", place_, key);
}

const Json* Fields::find(std::string_view key) const {
  const auto found = object_->find(std::string(key));
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

const Json* Fields::list(std::string_view key) const {
  const Json* value = find(key);
  if (value != nullptr && !value->is_array()) refuse(place_of(key), *value, "a list");
  return value;
}

bool Fields::has(std::string_view key) const { return find(key) != nullptr; }

std::string Fields::text(std::string_view key) const {
  const Json* value = find(key);
  return value == nullptr ? std::string() : json_string(*value, place_of(key));
}

std::optional<double> Fields::number(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return json_number(*value, place_of(key));
}

bool Fields::flag(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) refuse(place_of(key), *value, "true or false");
  return value->get<bool>();
}

std::optional<Fields> Fields::object(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return Fields(*value, place_of(key));
}

std::vector<Fields> Fields::rows(std::string_view key) const {
  std::vector<Fields> rows;
  const Json* value = list(key);
  if (value == nullptr) return rows;
  for (size_t i = 0; i < value->size(); ++i) {
    rows.emplace_back((*value)[i], fmt::format("{}[{}]", place_of(key), i));
  }
  return rows;
}

std::vector<std::string> Fields::texts(std::string_view key) const {
  std::vector<std::string> texts;
  const Json* value = list(key);
  if (value == nullptr) return texts;
  for (const Json& entry : *value) texts.push_back(json_string(entry, place_of(key)));
  return texts;
}

std::vector<double> Fields::numbers(std::string_view key) const {
  std::vector<double> numbers;
  const Json* value = list(key);
  if (value == nullptr) return numbers;
  for (const Json& entry : *value) {
    numbers.push_back(entry.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                      : json_number(entry, place_of(key)));
  }
  return numbers;
}

std::vector<std::pair<std::string, double>> Fields::other_numbers(
    const std::vector<std::string_view>& known) const {
  std::vector<std::pair<std::string, double>> numbers;
  for (const auto& [key, value] : object_->items()) {
    if (!value.is_number() || std::ranges::find(known, key) != known.end()) continue;
    numbers.emplace_back(key, value.get<double>());
  }
  return numbers;
}

std::vector<std::pair<std::string, Fields>> Fields::members() const {
  std::vector<std::pair<std::string, Fields>> members;
  for (const auto& [key, value] : object_->items()) {
    members.emplace_back(key, Fields(value, place_of(key)));
  }
  return members;
}

}  // namespace rangefinder::report
