#include "search/density.h"

#include <algorithm>

#include "search/float_key.h"

namespace rangefinder::search {
namespace {

using statistics::ValueHistogram;

constexpr uint32_t kBuckets = ValueHistogram::kBucketsPerOctave;
/// Octaves of one side.
constexpr uint32_t kOctaves = ValueHistogram::kOctaveCount / 2;

/// Splits the values that are known exactly off one segment: as points at its ends.
std::vector<Segment> split_ends(Segment s, bool lower_known, bool upper_known) {
  if (s.lower == s.upper) return {s};
  const double known = static_cast<double>(lower_known) + static_cast<double>(upper_known);
  std::vector<Segment> result;
  if (lower_known) result.push_back({s.lower, s.lower, 1});
  if (s.count > known) result.push_back({s.lower, s.upper, s.count - known});
  if (upper_known) result.push_back({s.upper, s.upper, 1});
  return result;
}

void replace(std::vector<Segment>& side, size_t index, const std::vector<Segment>& parts) {
  const auto at = side.erase(side.begin() + static_cast<std::ptrdiff_t>(index));
  side.insert(at, parts.begin(), parts.end());
}

/// Cuts the first segment to `nearest` (if > 0: the side's smallest magnitude is known) and the
/// last one to `farthest`.
std::vector<Segment> cut(std::vector<Segment> side, double nearest, double farthest) {
  if (side.empty()) return side;
  const bool nearest_known = nearest > 0;
  Segment& last = side.back();
  last.upper = std::clamp(farthest, last.lower, last.upper);
  Segment& first = side.front();
  if (nearest_known) first.lower = std::clamp(nearest, first.lower, first.upper);
  if (side.size() == 1) {
    if (first.count == 1) first.lower = first.upper;
    return split_ends(first, nearest_known, true);
  }
  replace(side, side.size() - 1, split_ends(last, false, true));
  if (nearest_known) replace(side, 0, split_ends(side.front(), true, false));
  return side;
}

/// Fewer values than this in a bucket or its neighbours say more about chance than about slope.
constexpr double kSlopeCount = 16;

/// The central difference of the neighbours' densities, limited so that the density stays
/// positive; 0 beside a gap, at an end and where there are few values.
void add_slopes(std::vector<Segment>& side) {
  const auto density = [](const Segment& s) { return s.count / (s.upper - s.lower); };
  for (size_t i = 1; i + 1 < side.size(); ++i) {
    const Segment& a = side[i - 1];
    const Segment& c = side[i + 1];
    Segment& b = side[i];
    if (a.upper != b.lower || b.upper != c.lower) continue;
    if (std::min({a.count, b.count, c.count}) < kSlopeCount) continue;
    const double distance = (c.lower + c.upper - a.lower - a.upper) / 2;
    const double steepest = 2 * density(b) / (b.upper - b.lower);
    b.slope = std::clamp((density(c) - density(a)) / distance, -steepest, steepest);
  }
}

}  // namespace

double Density::count() const {
  double result = zero_count;
  for (const Segment& s : positive) result += s.count;
  for (const Segment& s : negative) result += s.count;
  return result;
}

double Density::extent(const std::vector<Segment>& side) {
  return side.empty() ? 0 : side.back().upper;
}

std::vector<Segment> magnitude_buckets(const ValueHistogram& histogram, bool negative) {
  std::vector<Segment> result;
  const uint32_t first = negative ? kOctaves : 0;
  for (uint32_t octave = 0; octave < kOctaves; ++octave) {
    const auto counts = histogram.octave_counts(first + octave);
    if (counts.empty()) continue;
    if (result.empty()) result.reserve(size_t{20} * kBuckets);
    double lower = lower_edge(octave * kBuckets);
    // Buckets of one octave are equally wide, those of the lowest too.
    const double width = lower_edge(octave * kBuckets + 1) - lower;
    for (const uint64_t count : counts) {
      if (count != 0) result.push_back({lower, lower + width, static_cast<double>(count)});
      lower += width;
    }
  }
  return result;
}

std::optional<Density> density_of(const statistics::TensorStatistics& statistics) {
  const auto& extrema = statistics.extrema;
  if (!extrema.has_range() || statistics.histogram.count() == 0) return std::nullopt;
  Density result;
  result.zero_count = static_cast<double>(statistics.histogram.zero_count());
  result.positive = cut(magnitude_buckets(statistics.histogram, false), extrema.min, extrema.max);
  result.negative = cut(magnitude_buckets(statistics.histogram, true), -extrema.max, -extrema.min);
  add_slopes(result.positive);
  add_slopes(result.negative);
  return result;
}

}  // namespace rangefinder::search
