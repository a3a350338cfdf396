#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "observers/plugin_observer.h"
#include "observers/registry.h"
#include "rangefinder/observer_plugin.h"

namespace rangefinder::observers {

/// Registers every observer of a shared library (include/rangefinder/observer_plugin.h) and
/// returns their names. The library stays loaded until the program ends. All or nothing.
///
/// Throws Error naming the file: cannot be loaded, is no plug-in, was built for another ABI
/// version, describes an observer wrongly, or a name is taken.
std::vector<std::string> load_plugin(const std::filesystem::path& file,
                                     Registry& into = registry());

/// The files of all plug-ins that are loaded.
std::vector<std::filesystem::path> plugin_files();

/// Registers an observer of this very program under `name`, which stands for the description's own.
/// Throws std::invalid_argument: functions that are missing, a name that is taken or no method's.
void register_description(std::string_view name, const rangefinder_observer& description,
                          Registry& into = registry());
/// The same, but `create` makes the observers.
void register_description(std::string_view name, const rangefinder_observer& description,
                          PluginCreate create, Registry& into = registry());

}  // namespace rangefinder::observers
