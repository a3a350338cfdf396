#pragma once

#include <string>
#include <vector>

#include "rangefinder/export.h"

namespace rangefinder {

/// A calibration method, for people who choose one.
struct MethodInfo {
  std::string name;
  /// One line: what it keeps. Empty if it is registered or from a plug-in.
  std::string summary;
  /// The options that it reads, by their names on the command line: of MethodOptions "percentile",
  /// "alpha", "axis", "top-k".
  std::vector<std::string> options;
};

/// What known_methods() names, in that order.
///
///     for (const auto& method : rangefinder::method_infos()) {
///       std::cout << method.name << ": " << method.summary << '\n';
///     }
RANGEFINDER_API std::vector<MethodInfo> method_infos();

}  // namespace rangefinder
