#include "search/minmax.h"

namespace rangefinder::search {

std::optional<quantization::Range> minmax_range(const statistics::Extrema& extrema) {
  if (!extrema.has_range()) return std::nullopt;
  return quantization::Range{extrema.min, extrema.max};
}

std::optional<quantization::AffineParameters> minmax(const statistics::TensorStatistics& statistics,
                                                     const quantization::Grid& grid) {
  quantization::check_grid(grid);
  const auto range = minmax_range(statistics.extrema);
  if (!range) return std::nullopt;
  return quantization::affine_from_range(*range, grid);
}

}  // namespace rangefinder::search
