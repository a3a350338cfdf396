#pragma once

#include <optional>

#include "quantization/affine.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::search {

/// The exact smallest and largest finite value seen. Cost O(1).
/// Empty if no finite value was seen; NaN and infinities are left out.
std::optional<quantization::Range> minmax_range(const statistics::Extrema& extrema);

/// Parameters that span the exact range. Empty as above; all zeros: scale 1 [affine.md (4)].
std::optional<quantization::AffineParameters> minmax(const statistics::TensorStatistics& statistics,
                                                     const quantization::Grid& grid);

}  // namespace rangefinder::search
