#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rangefinder::support {

/// The keys of a JSON object, in the order in which they are written.
inline std::vector<std::string> keys(const nlohmann::ordered_json& object) {
  std::vector<std::string> names;
  for (const auto& entry : object.items()) names.push_back(entry.key());
  return names;
}

}  // namespace rangefinder::support
