#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "observers/calibration_options.h"
#include "quantization/tensor_quantization_config.h"
#include "rangefinder/calibrate_tensor.h"
#include "workflow/samples.h"

namespace rangefinder::workflow {

/// Calibration of one tensor from dumped batches, of whatever framework.
struct TensorsRequest {
  /// One tensor each; numbers of any type, taken as float32.
  SampleInput batches = {};
  std::string method = "mse";
  quantization::TensorQuantizationConfig config = {};
  observers::CalibrationOptions options = {};
  /// PPQ's observers, bugs included, instead of ours.
  bool like_ppq = false;
  /// Count NaN and infinity instead of refusing them.
  bool ignore_nonfinite = false;
  /// Read the batches once more and measure what quantization does to them.
  bool measure = false;
};

using rangefinder::RestorationError;
using rangefinder::TensorCalibration;

/// One batch is in memory at a time, whatever the method.
///
/// Throws std::invalid_argument for requests that contradict themselves or name an unknown method;
/// Error naming the file for data that cannot be used: missing, damaged, of a type that is no
/// number, holding NaN or infinity, of a shape the axes do not fit, or nothing to calibrate on.
TensorCalibration calibrate_tensors(const TensorsRequest& request);

/// {"scale": [...], "offset": [...], "range": [[lo, hi], ...], ...}; docs/observers.md lists the
/// keys.
nlohmann::ordered_json to_json(const TensorCalibration& result);

}  // namespace rangefinder::workflow
