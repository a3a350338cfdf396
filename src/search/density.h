#pragma once

#include <optional>
#include <vector>

#include "statistics/tensor_statistics.h"

namespace rangefinder::search {

/// Magnitudes spread over [lower, upper] with a density that is a straight line, or one point where
/// lower == upper.
struct Segment {
  double lower;
  double upper;
  double count;
  /// Of the density: at the middle it is count / (upper - lower), nowhere negative.
  double slope = 0;

  bool operator==(const Segment&) const = default;
};

/// The distribution that the searches see: each bucket's values spread over it with the slope that
/// its neighbours suggest, the outermost buckets cut to the exact extremes, of which one value each
/// is a point of its own [mse.md (1)].
///
/// Negative values are kept as magnitudes, so that one side is searched like the other.
struct Density {
  /// Ascending, without overlap, count > 0, upper > 0.
  std::vector<Segment> positive;
  std::vector<Segment> negative;
  double zero_count = 0;

  double count() const;
  /// The largest magnitude of a side, 0 if it is empty.
  static double extent(const std::vector<Segment>& side);
  bool all_zero() const { return positive.empty() && negative.empty(); }
};

/// The non-empty buckets of one side as magnitudes, whole and without slopes, ascending.
std::vector<Segment> magnitude_buckets(const statistics::ValueHistogram& histogram, bool negative);

/// Empty if no finite value was seen. Cost: O(buckets).
std::optional<Density> density_of(const statistics::TensorStatistics& statistics);

}  // namespace rangefinder::search
