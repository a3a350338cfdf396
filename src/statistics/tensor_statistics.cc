#include "statistics/tensor_statistics.h"

#include <bit>

#include "statistics/counts.h"

namespace rangefinder::statistics {
namespace {

bool is_finite(float value) {
  return (std::bit_cast<uint32_t>(value) & 0x7F800000u) != 0x7F800000u;
}

}  // namespace

void TensorStatistics::add(std::span<const float> values) {
  for (const float value : values) {
    extrema.add(value);
    if (is_finite(value)) histogram.add(value);
  }
}

void TensorStatistics::merge(const TensorStatistics& other) {
  add_counts(count(), other.count());
  histogram.merge(other.histogram);
  extrema.merge(other.extrema);
}

uint64_t TensorStatistics::count() const {
  return histogram.count() + extrema.nan_count + extrema.infinity_count();
}

}  // namespace rangefinder::statistics
