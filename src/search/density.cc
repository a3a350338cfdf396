#include "search/density.h"

#include <algorithm>

namespace rangefinder::search {
namespace {

using statistics::Bucket;

/// Adds a segment; an end that is known to be a value is split off as a point.
void add_outer_segment(std::vector<Segment>& side, Segment s, bool lower_known, bool upper_known) {
  const double known = static_cast<double>(lower_known) + static_cast<double>(upper_known);
  if (s.lower == s.upper) {
    side.push_back(s);
    return;
  }
  if (s.count <= known) {
    if (lower_known) side.push_back({s.lower, s.lower, 1});
    if (upper_known) side.push_back({s.upper, s.upper, 1});
    return;
  }
  if (lower_known) side.push_back({s.lower, s.lower, 1});
  side.push_back({s.lower, s.upper, s.count - known});
  if (upper_known) side.push_back({s.upper, s.upper, 1});
}

/// Cuts the first segment to `nearest` (if > 0: the side's smallest magnitude is known) and the
/// last one to `farthest`.
std::vector<Segment> cut(std::vector<Segment> buckets, double nearest, double farthest) {
  std::vector<Segment> side;
  side.reserve(buckets.size() + 2);
  for (size_t i = 0; i < buckets.size(); ++i) {
    Segment s = buckets[i];
    const bool first = i == 0 && nearest > 0;
    const bool last = i + 1 == buckets.size();
    if (first) s.lower = std::clamp(nearest, s.lower, s.upper);
    if (last) s.upper = std::clamp(farthest, s.lower, s.upper);
    if (first && last && s.count == 1) s.lower = s.upper;
    add_outer_segment(side, s, first, last);
  }
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

std::optional<Density> density_of(const statistics::TensorStatistics& statistics) {
  const auto& extrema = statistics.extrema;
  const std::vector<Bucket> buckets = statistics.histogram.buckets();
  if (buckets.empty() || !extrema.has_range()) return std::nullopt;
  Density result;
  for (const Bucket& b : buckets) {
    const auto count = static_cast<double>(b.count);
    if (b.lower >= 0 && b.upper > 0) result.positive.push_back({b.lower, b.upper, count});
    if (b.lower < 0) result.negative.push_back({-b.upper, -b.lower, count});
    if (b.lower == 0 && b.upper == 0) result.zero_count = count;
  }
  std::ranges::reverse(result.negative);
  result.positive = cut(std::move(result.positive), extrema.min, extrema.max);
  result.negative = cut(std::move(result.negative), -extrema.max, -extrema.min);
  add_slopes(result.positive);
  add_slopes(result.negative);
  return result;
}

}  // namespace rangefinder::search
