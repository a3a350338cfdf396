#pragma once

#include <cstdint>
#include <string>

#include "analog/layers/analog_model.h"
#include "analog/ranges/calibrate.h"
#include "analog/ranges/input_range_type.h"
#include "rangefinder/run_control.h"
#include "workflow/shared_pass.h"

namespace rangefinder::workflow {

struct AnalogCalibrateRequest {
  analog::InputRangeType type = analog::InputRangeType::kNone;
  analog::InputRangeOptions options = {};
  PassSamples samples = {};
  /// Tells the data apart, and which samples of it these are; of a list.
  std::string data = {};
  RunControl run = {};
  PassOptions pass = {};
};

/// analog::calibrate_input_ranges() from where an earlier process was killed, and by several ranks:
/// afterwards each has the ranges. Returns the number of all samples. The checkpoint stays: the
/// model is still to be written. Throws as that and SharedPass do; std::invalid_argument: several
/// ranks with kAihwkit, whose results depend on the order of samples.
uint64_t calibrate_analog(analog::AnalogModel& model, const AnalogCalibrateRequest& request);

}  // namespace rangefinder::workflow
