#pragma once

#include <optional>

#include "quantization/tensor_quantization_config.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::search {

/// How the scale of a floating code is found: value = code * scale.
struct Float8Grid {
  quantization::FloatFormat format = quantization::FloatFormat::kE4M3;
  bool power_of_2 = false;
};

/// The scale that puts the largest magnitude on the format's largest value (448 or 57344).
/// Cost O(1). All zeros: 1. Empty if no finite value was seen.
std::optional<float> float8_minmax(const statistics::TensorStatistics& statistics,
                                   const Float8Grid& grid);

/// The scale with the least mean squared error under rounding to nearest, ties to even, and
/// saturation [fp8.md (1)-(3)].
///
/// A floating grid looks the same after a factor of two except at its ends: from an octave above
/// float8_minmax() candidates go down until clipping alone costs more than the best one.
/// Cost: about 100 candidates, 123 to 126 table look-ups a side each.
/// Guarantee: within 1 % of the best error found by brute force on the raw data, 5 % where a
/// handful of values carry the error (tested).
/// All zeros: 1. Empty if no finite value was seen.
std::optional<float> float8_mse(const statistics::TensorStatistics& statistics,
                                const Float8Grid& grid);

}  // namespace rangefinder::search
