#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analog/hardware/rpu_config.h"

namespace rangefinder::analog {

/// Fields that differ for the layers whose name matches.
struct LayerOverride {
  /// Of the whole name, see NamePattern.
  std::string pattern;
  /// Field path ("forward.inp_res") to its value as JSON text ("62", "true", "\"NONE\"").
  std::map<std::string, std::string> values;

  bool operator==(const LayerOverride&) const = default;
};

/// The hardware of a whole network: one configuration, exceptions, and what stays digital.
struct NetworkConfig {
  RpuConfig base;
  /// Applied in order: a later one wins.
  std::vector<LayerOverride> overrides;
  /// Patterns of layer names that stay digital.
  std::vector<std::string> excluded;

  /// The validated configuration of one layer; `module` is a second name that patterns may match.
  /// Throws std::invalid_argument naming the override that is unknown, mistyped or not allowed.
  RpuConfig layer(std::string_view name, std::string_view module = {}) const;
  bool excludes(std::string_view name) const;

  bool operator==(const NetworkConfig&) const = default;
};

/// Reads the JSON form: the reference's nested objects, "layers" (a list of objects with "match"
/// and the fields that differ) and "exclude" (a list of patterns). Everything may be left out.
/// Fields of the reference that matter only in training (learn_input_range, decay, ...) are
/// accepted and ignored; anything else unknown is an error.
/// Throws std::invalid_argument naming the field, what was found and what is allowed.
NetworkConfig parse_network_config(std::string_view json);

/// parse_network_config of a file. Throws Error naming the file.
NetworkConfig load_network_config(const std::filesystem::path& path);

/// The JSON form; parse_network_config() of it gives the same again.
std::string to_json(const NetworkConfig& config);

}  // namespace rangefinder::analog
