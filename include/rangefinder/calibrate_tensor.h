#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/method.h"
#include "rangefinder/run_control.h"
#include "rangefinder/samples.h"
#include "rangefinder/tensor_quantization_config.h"

namespace rangefinder {

struct CalibrateTensorOptions {
  /// Its `for_tensors` is not looked at.
  Method method = {};
  /// PPQ's observers, bugs included, instead of ours (docs/numerics/compat_ppq.md).
  bool like_ppq = false;
  /// Pass over the batches once more and measure what quantization does to them.
  bool measure = false;
  RunControl run = {};
};

/// What quantization does to the batches.
struct RestorationError {
  double mse = 0;
  double sqnr_db = 0;
  double cosine = 0;
  double max_abs_error = 0;
};

struct RANGEFINDER_API TensorCalibration {
  std::string method = {};
  /// ACTIVATED, with scale and offset per channel, or one of each.
  TensorQuantizationConfig config = {};
  /// Real values of the outermost codes, as many as scales.
  std::vector<std::pair<double, double>> range = {};
  uint64_t count = 0;
  /// Of the finite values; +infinity and -infinity if there were none.
  float min = __builtin_inff();
  float max = -__builtin_inff();
  uint64_t nan_count = 0;
  uint64_t infinity_count = 0;
  /// How often the batches were read.
  size_t pass_count = 1;
  std::map<std::string, double> figures = {};
  std::optional<RestorationError> error = {};

  std::string json() const;
};

/// Calibrates one tensor from batches of it, of whatever framework, without a model. Batches are
/// numbers of any type, taken as float32; one is in memory at a time.
///
///     auto config = rangefinder::TensorQuantizationConfig::linear(Symmetry::kAsymmetric);
///     auto batches = rangefinder::SampleSource::from_files({"batch0.npy", "batch1.npy"});
///     auto result = rangefinder::calibrate_tensor(batches, config, {.method = {.name = "kl"}});
///     std::cout << result.config.scale[0] << ' ' << result.config.offset[0];
///
/// Throws std::invalid_argument for options that contradict themselves or name an unknown method,
/// or that must see batches twice that pass by once; Error naming the file for data that cannot be
/// used: missing, damaged, holding NaN or infinity, of a shape the axes do not fit, none at all.
RANGEFINDER_API TensorCalibration calibrate_tensor(const SampleSource& batches,
                                                   const TensorQuantizationConfig& config,
                                                   const CalibrateTensorOptions& options = {});

}  // namespace rangefinder
