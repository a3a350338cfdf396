#pragma once

#include <optional>
#include <string>
#include <vector>

#include "quantization/tensor_quantization_config.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::report {

/// The range that a method would give a tensor, and what that would cost.
struct RangeChoice {
  std::string method = {};
  /// Real values of the outermost codes.
  double lower = 0;
  double upper = 0;
  /// As analysis::TensorError tells them.
  std::optional<double> sqnr_db = {};
  double clipped_share = 0;
};

/// Signal over noise if the range were so much of that of all values; infinite if nothing is lost.
struct ClipPoint {
  double share = 1;
  double sqnr_db = 0;
};

/// What other ranges would do to a tensor, told from its counts.
struct RangeStudy {
  /// Of minmax, percentile, kl and mse, with their usual options and without the guard; a method
  /// that cannot serve is left out.
  std::vector<RangeChoice> choices = {};
  /// From the whole range down in steps of 2^(-1/4), until less than nothing is left of the signal.
  std::vector<ClipPoint> curve = {};
};

/// `config`: a linear grid without a scale. Cost: that of the four searches, some milliseconds.
RangeStudy study_ranges(const statistics::TensorStatistics& statistics,
                        const quantization::TensorQuantizationConfig& config);

}  // namespace rangefinder::report
