#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace rangefinder {

/// JSON that comes from elsewhere: the one place where it is read.
///
/// Throws std::invalid_argument saying where and why if the text is not JSON, is larger or nested
/// deeper than the limits below, names a key of an object twice, or holds a number that no double
/// can (1e999). So what comes back can be copied, searched and printed by recursion.
nlohmann::ordered_json parse_json(std::string_view text);

/// Deeper than any file of ours; less than any stack holds.
inline constexpr int kDeepestJson = 32;
inline constexpr size_t kLargestJson = size_t{64} << 20;

// Numbers of a type that is asked for, never another one rounded or wrapped to it. `what` names
// the value in the std::invalid_argument that all others end in.

/// An integer from `least` to `most`.
int64_t json_integer(const nlohmann::ordered_json& value, std::string_view what,
                     int64_t least = INT64_MIN, int64_t most = INT64_MAX);
double json_number(const nlohmann::ordered_json& value, std::string_view what);
/// A number that is finite as a float32, too.
float json_float(const nlohmann::ordered_json& value, std::string_view what);
std::string json_string(const nlohmann::ordered_json& value, std::string_view what);

/// The value as it stands in messages: JSON, shortened, valid UTF-8.
std::string json_excerpt(const nlohmann::ordered_json& value);

}  // namespace rangefinder
