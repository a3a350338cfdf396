#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rangefinder::report {

/// JSON as it is printed and written: indented, with a line end. Names come from models and file
/// systems, which need not keep to UTF-8 as JSON must: what does not is replaced by U+FFFD.
std::string json_text(const nlohmann::ordered_json& json);

}  // namespace rangefinder::report
