#include "analog/hardware/rpu_config_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/name_pattern.h"
#include "base/near_names.h"

namespace rangefinder::analog {
namespace {

using Json = nlohmann::ordered_json;

/// Fields of the reference that change only how a network is trained.
constexpr std::array<std::string_view, 6> kTrainingFields = {
    "pre_post.input_range.fast_mode",
    "pre_post.input_range.act_range_momentum",
    "pre_post.input_range.learn_input_range",
    "pre_post.input_range.init_from_data",
    "pre_post.input_range.decay",
    "pre_post.input_range.input_min_percentage"};

[[noreturn]] void refuse(std::string_view path, const Json& found, std::string_view allowed) {
  throw std::invalid_argument(
      fmt::format("{} is {}; allowed: {}", path, json_excerpt(found), allowed));
}

void read(std::string_view path, const Json& value, double& field) {
  field = json_number(value, path);
}
void read(std::string_view path, const Json& value, bool& field) {
  if (!value.is_boolean()) refuse(path, value, "true or false");
  field = value.get<bool>();
}
void read(std::string_view path, const Json& value, int64_t& field) {
  field = json_integer(value, path);
}
template <typename Enum>
requires std::is_enum_v<Enum>
void read(std::string_view path, const Json& value, Enum& field) {
  const std::string name = json_string(value, path);
  try {
    parse(name, field);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("{}: {}", path, error.what()));
  }
}

template <typename T>
Json written(const T& field) {
  if constexpr (std::is_enum_v<T>) {
    return to_string(field);
  } else {
    return field;
  }
}

/// Writes one field by its path; false if there is no such field.
bool set_field(RpuConfig& config, std::string_view path, const Json& value) {
  bool found = false;
  visit_fields(config, [&](std::string_view name, auto& field) {
    if (name != path) return;
    read(path, value, field);
    found = true;
  });
  return found;
}

bool is_training_field(std::string_view path) {
  return std::find(kTrainingFields.begin(), kTrainingFields.end(), path) != kTrainingFields.end();
}

std::vector<std::string> known_fields() {
  std::vector<std::string> known;
  RpuConfig config;
  visit_fields(config, [&](std::string_view path, const auto&) { known.emplace_back(path); });
  return known;
}

/// Deeper than any field; a file of nothing but braces must not exhaust the stack.
constexpr int kDeepest = 8;

/// The leaves of nested objects by dotted path.
void flatten(const std::string& prefix, const Json& node, std::map<std::string, Json>& leaves,
             int depth = 0) {
  if (!node.is_object() || depth > kDeepest) {
    leaves[prefix] = node;
    return;
  }
  for (const auto& [key, value] : node.items()) {
    flatten(prefix.empty() ? key : fmt::format("{}.{}", prefix, key), value, leaves, depth + 1);
  }
}

/// Sets all leaves of `node`; throws std::invalid_argument on one that is not known.
void set_fields(RpuConfig& config, const std::map<std::string, Json>& leaves) {
  for (const auto& [path, value] : leaves) {
    if (set_field(config, path, value) || is_training_field(path)) continue;
    const auto known = known_fields();
    throw std::invalid_argument(fmt::format("unknown field '{}'; known: {}{}", path,
                                            fmt::join(known, ", "), did_you_mean(path, known)));
  }
}

LayerOverride read_override(const Json& node) {
  if (!node.is_object() || !node.contains("match") || !node["match"].is_string()) {
    refuse("layers", node, "objects with a \"match\" pattern");
  }
  LayerOverride result{node["match"].get<std::string>(), {}};
  Json fields = node;
  fields.erase("match");
  std::map<std::string, Json> leaves;
  flatten("", fields, leaves);
  for (const auto& [path, value] : leaves) result.values[path] = value.dump();
  return result;
}

/// Takes the list `key` out of `root`; empty if it is not there.
Json take_list(Json& root, const std::string& key) {
  if (!root.contains(key)) return Json::array();
  Json list = root[key];
  if (!list.is_array()) refuse(key, list, "a list");
  root.erase(key);
  return list;
}

Json parse_object(std::string_view text) {
  Json root = parse_json(text);
  if (!root.is_object()) refuse("the configuration", root, "an object");
  return root;
}

Json override_json(const LayerOverride& layer) {
  Json node;
  node["match"] = layer.pattern;
  for (const auto& [path, text] : layer.values) {
    std::string pointer = "/" + path;
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    node[Json::json_pointer(pointer)] = parse_json(text);
  }
  return node;
}

}  // namespace

RpuConfig NetworkConfig::layer(std::string_view name, std::string_view module) const {
  RpuConfig config = base;
  for (const LayerOverride& change : overrides) {
    const NamePattern pattern(change.pattern);
    if (!pattern.fits(name) && !pattern.fits(module)) continue;
    std::map<std::string, Json> leaves;
    for (const auto& [path, text] : change.values) {
      leaves[path] = parse_json(text);
    }
    set_fields(config, leaves);
  }
  validate(config);
  return config;
}

bool NetworkConfig::excludes(std::string_view name) const {
  return std::any_of(excluded.begin(), excluded.end(),
                     [&](const std::string& pattern) { return NamePattern(pattern).fits(name); });
}

NetworkConfig parse_network_config(std::string_view json) {
  NetworkConfig config;
  Json root = parse_object(json);
  for (const Json& node : take_list(root, "layers")) {
    config.overrides.push_back(read_override(node));
  }
  for (const Json& node : take_list(root, "exclude")) {
    if (!node.is_string()) refuse("exclude", node, "patterns");
    config.excluded.push_back(node.get<std::string>());
  }
  std::map<std::string, Json> leaves;
  flatten("", root, leaves);
  if (!root.empty()) set_fields(config.base, leaves);
  validate(config.base);
  // An override that nothing matches yet must still be one that could be applied.
  for (const LayerOverride& change : config.overrides) {
    NetworkConfig{config.base, {{"*", change.values}}, {}}.layer("");
  }
  return config;
}

NetworkConfig load_network_config(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  try {
    return parse_network_config(text);
  } catch (const std::invalid_argument& error) {
    throw Error(error.what(), {.file = path.string()});
  }
}

std::string to_json(const NetworkConfig& config) {
  Json root = Json::object();
  visit_fields(config.base, [&](std::string_view path, const auto& field) {
    std::string pointer = "/" + std::string(path);
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    root[Json::json_pointer(pointer)] = written(field);
  });
  root["layers"] = Json::array();
  for (const LayerOverride& layer : config.overrides)
    root["layers"].push_back(override_json(layer));
  root["exclude"] = config.excluded;
  return root.dump(2) + "\n";
}

}  // namespace rangefinder::analog
