#include "report/bins.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>

namespace rangefinder::report {
namespace {

using statistics::Bucket;

constexpr double kLeastShare = 0.002;

/// A bucket by its magnitudes.
struct Magnitudes {
  bool is_negative;
  double middle;
  int octave;
};

Magnitudes magnitudes_of(const Bucket& bucket) {
  const double middle = std::abs(bucket.lower + (bucket.upper - bucket.lower) / 2);
  return {bucket.upper <= 0, middle, std::ilogb(middle)};
}

/// The first octave to be shown of those that hold so many values.
int first_shown(const std::map<int, double>& octaves) {
  double total = 0;
  for (const auto& [octave, count] : octaves) total += count;
  const int lowest = octaves.rbegin()->first - kMostOctaves + 1;
  double below = 0;
  for (const auto& [octave, count] : octaves) {
    below += count;
    if (octave >= lowest && below > total * kLeastShare) return octave;
  }
  return octaves.rbegin()->first;
}

int bins_per_octave(int octaves) {
  int bins = 1;
  while (bins < 64 && octaves * bins * 2 <= kMostLogBins) bins *= 2;
  return bins;
}

/// Adds the count to the bins that [lower, upper] lies in, by how much of it lies there.
void spread(double lower, double upper, double count, LinearBins& bins) {
  const auto place = [&](double value) {
    const double at = std::floor((value - bins.lower) / bins.width);
    return static_cast<size_t>(std::clamp(at, 0.0, static_cast<double>(bins.counts.size() - 1)));
  };
  const size_t first = place(lower);
  const size_t last = place(upper);
  for (size_t i = first; i <= last; ++i) {
    const double begin = std::max(lower, bins.lower + static_cast<double>(i) * bins.width);
    const double end = std::min(upper, bins.lower + static_cast<double>(i + 1) * bins.width);
    const double share = first == last ? 1 : std::max(0.0, end - begin) / (upper - lower);
    bins.counts[i] += count * share;
  }
}

}  // namespace

LogBins log_bins(const statistics::ValueHistogram& histogram) {
  LogBins bins;
  std::map<int, double> octaves;
  const auto buckets = histogram.buckets();
  for (const Bucket& bucket : buckets) {
    if (bucket.lower == bucket.upper) continue;
    octaves[magnitudes_of(bucket).octave] += static_cast<double>(bucket.count);
  }
  if (octaves.empty()) return bins;
  bins.first_octave = first_shown(octaves);
  const int octave_count = octaves.rbegin()->first - bins.first_octave + 1;
  bins.per_octave = bins_per_octave(octave_count);
  bins.negative.resize(static_cast<size_t>(octave_count) * static_cast<size_t>(bins.per_octave));
  bins.positive.resize(bins.negative.size());
  for (const Bucket& bucket : buckets) {
    if (bucket.lower == bucket.upper) continue;
    const Magnitudes at = magnitudes_of(bucket);
    if (at.octave < bins.first_octave) {
      bins.below += static_cast<double>(bucket.count);
      continue;
    }
    const double fraction = std::ldexp(at.middle, -at.octave) - 1;
    const auto place = static_cast<size_t>((at.octave - bins.first_octave) * bins.per_octave) +
                       static_cast<size_t>(fraction * bins.per_octave);
    (at.is_negative ? bins.negative : bins.positive)[place] += static_cast<double>(bucket.count);
  }
  return bins;
}

LinearBins linear_bins(const statistics::TensorStatistics& statistics) {
  LinearBins bins;
  const auto& extrema = statistics.extrema;
  if (!extrema.has_range() || (extrema.min == 0 && extrema.max == 0)) return bins;
  bins.lower = std::min<double>(0, extrema.min);
  bins.width = (std::max<double>(0, extrema.max) - bins.lower) / kLinearBins;
  bins.counts.resize(kLinearBins);
  for (const Bucket& bucket : statistics.histogram.buckets()) {
    if (bucket.lower == bucket.upper) continue;
    spread(std::max<double>(bucket.lower, extrema.min), std::min<double>(bucket.upper, extrema.max),
           static_cast<double>(bucket.count), bins);
  }
  return bins;
}

std::string packed_counts(std::span<const double> counts) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  for (const double count : counts) {
    const double level = std::round(64 * std::log2(1 + std::max(0.0, count)));
    const auto code = static_cast<size_t>(std::min(level, 4095.0));
    text += kDigits[code / 64];
    text += kDigits[code % 64];
  }
  return text;
}

}  // namespace rangefinder::report
