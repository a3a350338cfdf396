#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/observer_plugin.h"

namespace rangefinder {

/// A calibration method of your own; the same class serves a program and a plug-in.
///
///     class HalfMax : public rangefinder::Observer {
///      public:
///       using Observer::Observer;
///       std::vector<Result> solve(std::span<const Channel> channels) override {
///         std::vector<Result> results;
///         for (const auto& c : channels) results.push_back(Result::range(c.min / 2, c.max / 2));
///         return results;
///       }
///     };
///     rangefinder::register_calibration_observer<HalfMax>("half-max");
///     options.method.name = "half-max";
///
/// docs/observers.md is the guide: statistics or raw batches, the laws, errors.
using Observer = plugin::Observer;
using plugin::Traits;

/// Registers the description of an observer; it is copied. Use the template below.
/// Throws std::invalid_argument: a name that is taken or has anything but letters, digits, '-', '_'
/// and '.', functions that are missing, an observer that asks to see nothing.
RANGEFINDER_API void register_calibration_observer(std::string_view name,
                                                   const rangefinder_observer& description);

/// Makes the class known as a calibration method, for the life of the program. What its functions
/// throw becomes an Error that names the tensor. Throws as above.
template <typename Method>
void register_calibration_observer(std::string_view name, Traits traits = {}) {
  register_calibration_observer(name, plugin::describe<Method>("", traits));
}

/// Makes the observer of one tensor.
using ObserverFactory = std::function<std::unique_ptr<Observer>(const plugin::Request&)>;

/// The same for observers that know more than their class does, e.g. those of another language:
/// `factory` makes one for each tensor, may be called by any thread, and lives as long as the
/// program. Throws as above.
RANGEFINDER_API void register_calibration_observer(std::string_view name, ObserverFactory factory,
                                                   Traits traits = {});

/// Registers every observer of a shared library and returns their names; all or nothing. The
/// library stays loaded. Throws Error naming the file: not a library, not a plug-in, built for
/// another version of the interface, a name that is taken.
RANGEFINDER_API std::vector<std::string> load_plugin(const std::filesystem::path& file);

}  // namespace rangefinder
