#pragma once

#include <vector>

#include "analog/layers/analog_model.h"
#include "engine/watch.h"

namespace rangefinder::analog {

/// The share of the inputs of each slice of each layer that lie outside of its range, rows of zeros
/// left out, in one pass over the data. A layer without ranges, or with dynamic ones, has no
/// shares: it clips nothing. Throws Error as watch_layers() does, NaN and infinity included.
std::vector<std::vector<double>> clipped_shares(const AnalogModel& model,
                                                const engine::SampleFeed& feed,
                                                const RunControl& run = {},
                                                const engine::Stage& stage = {"calibrate"});

}  // namespace rangefinder::analog
