#pragma once

#include <string>

#include "analog/layers/analog_model.h"
#include "engine/model_source.h"
#include "rangefinder/analog.h"

namespace rangefinder::workflow {

/// The model as `config` makes it analog. Throws Error naming the file, also if no node
/// becomes analog.
analog::AnalogModel load_analog(const engine::ModelSource& source, analog::NetworkConfig config,
                                analog::Compatibility compatibility);

/// Writes what is asked for, all of it together or nothing. Throws as AnalogModel::save() does.
void write_analog(const analog::AnalogModel& model, const AnalogFiles& files);

/// A line for each layer, with its ranges, and for each node that stays digital, with the reason.
std::string to_table(const analog::AnalogModel& model);

}  // namespace rangefinder::workflow
