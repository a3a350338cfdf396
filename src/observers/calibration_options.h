#pragma once

#include <cstdint>
#include <optional>

namespace rangefinder::observers {

/// What methods can be told. Each reads the fields it knows; a config's detail of the same name
/// overrides them for its tensor.
struct CalibrationOptions {
  /// percentile, mean-percentile: the share of values kept, 0 < p <= 1.
  double percentile = 0.9999;
  /// std: the range is mean +- alpha * standard deviation (symmetric: 0 +- alpha * RMS); > 0.
  double alpha = 3.0;
  /// isotone: the axis along which the order is kept.
  int64_t axis = -1;
  /// isotone: how many of a row's largest values keep their order among each other, 1..5.
  int64_t top_count = 1;
};

}  // namespace rangefinder::observers
