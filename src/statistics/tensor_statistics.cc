#include "statistics/tensor_statistics.h"

#include <cmath>

namespace rangefinder::statistics {

void TensorStatistics::add(std::span<const float> values) {
  for (const float value : values) {
    extrema.add(value);
    if (std::isfinite(value)) histogram.add(value);
  }
}

void TensorStatistics::merge(const TensorStatistics& other) {
  histogram.merge(other.histogram);
  extrema.merge(other.extrema);
}

uint64_t TensorStatistics::count() const {
  return histogram.count() + extrema.nan_count + extrema.infinity_count();
}

}  // namespace rangefinder::statistics
