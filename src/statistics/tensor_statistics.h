#pragma once

#include <cstdint>
#include <span>

#include "statistics/extrema.h"
#include "statistics/value_histogram.h"

namespace rangefinder::statistics {

/// What is remembered of one tensor, or of one channel of it: counts and exact extremes.
///
/// A regular value with laws (split, merge, empty, order): see tests/statistics/laws_test.cc.
struct TensorStatistics {
  ValueHistogram histogram;
  Extrema extrema;

  void add(std::span<const float> values);
  void merge(const TensorStatistics& other);
  /// All values seen, not-finite ones included.
  uint64_t count() const;

  bool operator==(const TensorStatistics&) const = default;
};

}  // namespace rangefinder::statistics
