#include "observers/built_in.h"

#include "observers/registry.h"

namespace rangefinder::observers {

void add_built_in_observers(Registry& /*registry*/) {}

}  // namespace rangefinder::observers
