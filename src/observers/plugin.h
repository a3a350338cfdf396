#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "observers/registry.h"

namespace rangefinder::observers {

/// Registers every observer of a shared library (include/rangefinder/observer_plugin.h) and
/// returns their names. The library stays loaded until the program ends. All or nothing.
///
/// Throws Error naming the file: cannot be loaded, is no plug-in, was built for another ABI
/// version, describes an observer wrongly, or a name is taken.
std::vector<std::string> load_plugin(const std::filesystem::path& file,
                                     Registry& into = registry());

}  // namespace rangefinder::observers
