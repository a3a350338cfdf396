#pragma once

#include <cstdint>

#include "analog/layers/analog_model.h"
#include "analog/ranges/input_range_type.h"
#include "engine/watch.h"

namespace rangefinder::analog {

/// Finds the input ranges of all layers in one pass over the data and switches them on.
///
/// Statistics are those of the float model (no layer is clipped while calibrating), so a calibrated
/// model can be calibrated again, with an ADC or without. The result does not depend on
/// options.jobs, except that kAihwkit, whose types depend on the order of samples, runs one job.
/// kNone changes nothing. Returns the number of samples.
///
/// Throws, and leaves the model as it was: std::invalid_argument on bad options; Error on zero
/// samples, a layer without a single row that is not all zero (naming it), NaN or infinity in
/// activations, and whatever goes wrong with a sample. With kAihwkit, ranges may come out negative
/// as they do in the reference, but never NaN or infinite.
uint64_t calibrate_input_ranges(AnalogModel& model, InputRangeType type,
                                const engine::SampleFeed& feed,
                                const InputRangeOptions& options = {}, const RunControl& run = {},
                                const engine::Stage& stage = {"calibrate"});

}  // namespace rangefinder::analog
