#pragma once

#include <string_view>

#include "observers/observer.h"

namespace rangefinder::observers {

/// Widens the range that `mse` found for a tensor of which few values were seen - at most four a
/// sample, as a network's word on whether there is a face - so that values not seen yet are hardly
/// clipped [docs/numerics/unseen.md]. Where it acts, the figures "room_below" and "room_above" say
/// how far it goes beyond all that was seen. Other methods, which keep what they say they keep, and
/// floating grids stay as they are. `method` in lower case.
void leave_room(std::string_view method, const Observations& observations,
                const quantization::TensorQuantizationConfig& config, Solution& solution);

}  // namespace rangefinder::observers
