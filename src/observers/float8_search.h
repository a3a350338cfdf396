#pragma once

#include <optional>

#include "quantization/tensor_quantization_config.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::observers {

/// How a floating config's scale is found: value = code * scale, code in E4M3 or E5M2.
struct Float8Grid {
  quantization::FloatFormat format = quantization::FloatFormat::kE4M3;
  bool power_of_2 = false;
};

/// The scale that puts the largest magnitude seen on the format's largest value [docs/observers.md
/// (1)]. All zeros: 1. Empty if nothing finite was seen. Cost O(1).
std::optional<float> float8_minmax(const statistics::TensorStatistics& statistics,
                                   const Float8Grid& grid);

/// The scale with the least mean squared error as the counts tell it.
///
/// A floating grid looks the same after a factor of two except at its ends, so the candidates are
/// 64 (power of two: 1) to an octave, from an octave above float8_minmax() down to where clipping
/// alone costs more than the best candidate; then finer ones around the best.
/// Cost: O(candidates * buckets), some milliseconds. The exact extremes count as they are, any
/// other value as the middle of its bucket, which is at most a 16th of a code's step wide.
/// Guarantee (tested): within 1 % of the best error found by brute force on the raw data, 5 % where
/// a handful of values carry the error.
/// All zeros: 1. Empty if nothing finite was seen.
std::optional<float> float8_mse(const statistics::TensorStatistics& statistics,
                                const Float8Grid& grid);

}  // namespace rangefinder::observers
