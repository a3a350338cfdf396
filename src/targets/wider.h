#pragma once

#include "targets/target.h"

namespace rangefinder::targets {

/// The profile of the same runtime whose activations have more bits, where nodes of both may stand
/// in one model: a choice gives a node those codes before it leaves it float
/// (docs/numerics/choice.md). Null: none.
const Target* wider_target(const Target& target);

}  // namespace rangefinder::targets
