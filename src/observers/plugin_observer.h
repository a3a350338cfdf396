#pragma once

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

}  // namespace rangefinder::observers
