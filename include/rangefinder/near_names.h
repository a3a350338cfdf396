#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rangefinder/export.h"

namespace rangefinder {

/// The names that somebody may have meant who wrote `wanted`: at most three, the likeliest first.
/// A name is near if it holds `wanted` or if few characters differ (Levenshtein's distance, at most
/// a third of the longer one), upper and lower case being one.
/// Cost: the lengths of wanted and name, each 200 at most, multiplied, for each name.
RANGEFINDER_API std::vector<std::string> near_names(std::string_view wanted,
                                                    std::span<const std::string> known);

/// "; did you mean 'a' or 'b'?", to hang on a message; empty if nothing is near.
///
///     throw std::invalid_argument("no such method" + rangefinder::did_you_mean(name, known));
RANGEFINDER_API std::string did_you_mean(std::string_view wanted,
                                         std::span<const std::string> known);

}  // namespace rangefinder
