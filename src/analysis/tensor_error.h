#pragma once

#include <optional>

#include "quantization/tensor_quantization_config.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::analysis {

/// What quantizing a tensor per tensor loses, told from its counts.
struct TensorError {
  /// Signal power over error power, in dB; infinite if nothing is lost, empty for a tensor of
  /// zeros or without data.
  std::optional<double> sqnr_db;
  /// Share of the finite values that lie more than half a step outside the grid.
  double clipped_share = 0;
};

/// Values are taken as spread evenly over their buckets. Cost: O(buckets + levels in range).
/// Throws std::invalid_argument unless the config has one scale.
TensorError tensor_error(const statistics::TensorStatistics& statistics,
                         const quantization::TensorQuantizationConfig& config);

}  // namespace rangefinder::analysis
