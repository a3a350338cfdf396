#pragma once

#include <span>
#include <string>
#include <vector>

#include "statistics/tensor_statistics.h"

namespace rangefinder::report {

/// A tensor's counts as a chart over the logarithm of the magnitude shows them: bins of equal width
/// in each octave, the same on both sides of zero.
struct LogBins {
  /// The first bin begins at 2^first_octave.
  int first_octave = 0;
  int per_octave = 1;
  /// By ascending magnitude; both of one length.
  std::vector<double> negative = {};
  std::vector<double> positive = {};
  /// Values that are not zero, and of smaller magnitude than the first bin.
  double below = 0;
};

/// From the octave of the largest magnitude down to where at most 0.2 % of the values that are not
/// zero lie below, kMostOctaves at most. Cost: O(buckets).
inline constexpr int kMostOctaves = 32;
inline constexpr int kMostLogBins = 96;
LogBins log_bins(const statistics::ValueHistogram& histogram);

/// The same over the values themselves: `counts` bins of one width from `lower` on, which span all
/// values and zero. Zeros are left out: they would hide all else.
struct LinearBins {
  double lower = 0;
  double width = 0;
  std::vector<double> counts = {};
};

/// A bucket's values are spread evenly over it. Cost: O(buckets + count).
inline constexpr size_t kLinearBins = 120;
LinearBins linear_bins(const statistics::TensorStatistics& statistics);

/// Counts in two characters each: round(64 log2(1 + count)) in base 64, the higher digit first, by
/// the alphabet of base64url. Restores a count to 0.6 %, those below 64 exactly.
std::string packed_counts(std::span<const double> counts);

}  // namespace rangefinder::report
