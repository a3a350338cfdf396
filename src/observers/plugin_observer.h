#pragma once

#include <functional>

#include "observers/registry.h"
#include "rangefinder/observer_plugin.h"

namespace rangefinder::observers {

/// A factory of observers that forward to a plug-in's C functions. `description` must stay valid
/// as long as the factory and its observers live.
///
/// What a plug-in reports as failed becomes an Error with its message; floating configs are
/// refused (std::invalid_argument), since the interface speaks of integer grids; results that
/// cannot be (NaN, min > max, zero point off the grid) are Errors.
ObserverFactory plugin_factory(const rangefinder_observer& description);

/// Makes what the description's other functions work on, instead of its create(). May throw.
using PluginCreate = std::function<void*(const rangefinder_request&)>;
/// The same with a create() that knows more than a C function can.
ObserverFactory plugin_factory(const rangefinder_observer& description, PluginCreate create);

}  // namespace rangefinder::observers
