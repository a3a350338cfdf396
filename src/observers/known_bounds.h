#pragma once

#include <string_view>

#include "observers/observer.h"
#include "quantization/range.h"

namespace rangefinder::observers {

/// True of the built-in methods that choose a range by counting: they may leave out what they hold
/// to be rare. `method` in lower case.
bool may_clip(std::string_view method);

/// Replaces the range that a method that may_clip() found for a tensor whose values cannot leave
/// `bounds`, because of the operator that makes them (Softmax, Sigmoid): by all that was seen
/// [docs/numerics/guard.md]. The figures "known_min" and "known_max" then hold the bounds. Other
/// methods and floating grids stay as they are.
void keep_seen(std::string_view method, const quantization::Range& bounds,
               const Observations& observations,
               const quantization::TensorQuantizationConfig& config, Solution& solution);

}  // namespace rangefinder::observers
