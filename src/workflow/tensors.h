#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "observers/calibration_options.h"
#include "quantization/tensor_quantization_config.h"
#include "statistics/extrema.h"

namespace rangefinder::workflow {

/// Calibration of one tensor from dumped batches, of whatever framework.
struct TensorsRequest {
  /// .npy files, one batch each; numbers of any type, taken as float32.
  std::vector<std::filesystem::path> batches = {};
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

/// What quantization does to the batches.
struct RestorationError {
  double mse = 0;
  double sqnr_db = 0;
  double cosine = 0;
  double max_abs_error = 0;
};

struct TensorsResult {
  std::string method = {};
  quantization::TensorQuantizationConfig config = {};
  /// Per channel, or one.
  std::vector<float> scale = {};
  std::vector<int32_t> offset = {};
  /// Real values of the outermost codes.
  std::vector<std::pair<double, double>> range = {};
  uint64_t count = 0;
  /// Smallest and largest finite value, and how many were not finite.
  statistics::Extrema extrema = {};
  /// How often the files were read.
  size_t pass_count = 1;
  std::map<std::string, double> figures = {};
  std::optional<RestorationError> error = {};
};

/// One batch is in memory at a time, whatever the method.
///
/// Throws std::invalid_argument for requests that contradict themselves or name an unknown method;
/// Error naming the file for data that cannot be used: missing, damaged, of a type that is no
/// number, holding NaN or infinity, of a shape the axes do not fit, or nothing to calibrate on.
TensorsResult calibrate_tensors(const TensorsRequest& request);

/// {"scale": [...], "offset": [...], "range": [[lo, hi], ...], ...}; docs/observers.md lists the
/// keys.
nlohmann::ordered_json to_json(const TensorsResult& result);

}  // namespace rangefinder::workflow
