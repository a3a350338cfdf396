#include "search/unseen.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "search/density.h"
#include "search/lattice.h"

namespace rangefinder::search {
namespace {

using statistics::Bucket;

/// Outermost values that tell how fast the tail falls: one in eight, so many at most.
constexpr uint64_t kTailShare = 8;
constexpr uint64_t kMostTailValues = 32;

/// Of one side as positive numbers, the outermost first; bounds of buckets cut to the extreme.
struct Tail {
  std::vector<Bucket> buckets;
  double extreme = 0;
};

Tail upper_tail(const std::vector<Bucket>& ascending, double max) {
  Tail tail{{ascending.rbegin(), ascending.rend()}, max};
  for (Bucket& bucket : tail.buckets) bucket.upper = std::min(bucket.upper, max);
  return tail;
}

Tail lower_tail(std::vector<Bucket> ascending, double min) {
  for (Bucket& bucket : ascending) bucket = {-bucket.upper, -bucket.lower, bucket.count};
  std::ranges::reverse(ascending);
  return upper_tail(ascending, -min);
}

double center(const Bucket& bucket) { return (bucket.lower + bucket.upper) / 2; }

/// Mean distance of the outermost `wanted` values to the next one [unseen.md (1)].
double mean_excess(const Tail& tail, uint64_t wanted) {
  double sum = tail.extreme;
  uint64_t left = wanted - 1;
  bool is_first = true;
  for (const Bucket& bucket : tail.buckets) {
    const uint64_t here = bucket.count - (is_first ? 1 : 0);
    is_first = false;
    if (here > left) {
      sum += static_cast<double>(left) * center(bucket);
      return std::max(0.0, sum / static_cast<double>(wanted) - center(bucket));
    }
    sum += static_cast<double>(here) * center(bucket);
    left -= here;
  }
  return 0;
}

/// [unseen.md (3)], where the steps are taken as wide as they become.
double room(double excess, double count, double width, double steps) {
  const auto distance = [&](double covered) {
    return excess * std::max(0.0, std::log(12 * steps * steps * excess / (count * covered)));
  };
  return std::min(width, distance(width + distance(width)));
}

}  // namespace

Room room_for_unseen(const statistics::TensorStatistics& statistics,
                     const quantization::Grid& grid) {
  quantization::check_grid(grid);
  const uint64_t count = statistics.histogram.count();
  const auto& extrema = statistics.extrema;
  if (!extrema.has_range() || count < kLeastValues || count > kFewValues) return {};
  const auto density = density_of(statistics);
  if (density && lossless(*density, grid)) return {};
  const double width = std::max<double>(0, extrema.max) - std::min<double>(0, extrema.min);
  const uint64_t tail = std::min(count / kTailShare, kMostTailValues);
  const auto steps = static_cast<double>(grid.step_count());
  const auto room_of = [&](const Tail& side) {
    const double excess = mean_excess(side, tail);
    return excess > 0 ? room(excess, static_cast<double>(count), width, steps) : 0.0;
  };
  const auto buckets = statistics.histogram.buckets();
  Room found;
  if (extrema.max > 0) found.above = room_of(upper_tail(buckets, extrema.max));
  if (extrema.min < 0) found.below = room_of(lower_tail(buckets, extrema.min));
  return found;
}

}  // namespace rangefinder::search
