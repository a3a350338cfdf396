#pragma once

#include <string>
#include <vector>

#include "rangefinder/summary.h"

namespace rangefinder::workflow {

/// What a summary says of ranges that are not what the method found: on how many tensors the guard
/// acted (observers/guard.h). Empty: on none.
std::string guard_note(const std::vector<TensorRow>& rows);

}  // namespace rangefinder::workflow
