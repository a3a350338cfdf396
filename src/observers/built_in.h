#pragma once

namespace rangefinder::observers {

class Registry;

/// Adds every built-in method to the registry.
void add_built_in_observers(Registry& registry);

}  // namespace rangefinder::observers
