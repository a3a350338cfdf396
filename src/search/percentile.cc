#include "search/percentile.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace rangefinder::search {
namespace {

using quantization::Range;
using statistics::Bucket;
using statistics::TensorStatistics;

void check_share(double q, bool zero_allowed) {
  if (q > 0 && q <= 1) return;
  if (zero_allowed && q == 0) return;
  throw std::invalid_argument("a percentile lies in (0, 1]");
}

bool has_data(const TensorStatistics& s) {
  return s.extrema.has_range() && s.histogram.count() != 0;
}

/// Ascending buckets, the outermost cut to the exact extremes of what they hold.
struct Sorted {
  std::vector<Bucket> buckets;
  double min = 0;
  double max = 0;
  uint64_t count = 0;

  Sorted(std::vector<Bucket> all, double smallest, double largest)
      : buckets(std::move(all)), min(smallest), max(largest) {
    for (const Bucket& b : buckets) count += b.count;
    if (buckets.empty()) return;
    buckets.front().lower = std::max(buckets.front().lower, min);
    buckets.back().upper = std::min(buckets.back().upper, max);
  }
};

Sorted sorted_values(const TensorStatistics& s) {
  return {s.histogram.buckets(), s.extrema.min, s.extrema.max};
}

/// Two buckets of the same magnitude, one from each side, become one.
void join_equal(std::vector<Bucket>& sorted) {
  size_t kept = 0;
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].lower == sorted[kept].lower) {
      sorted[kept].count += sorted[i].count;
    } else {
      sorted[++kept] = sorted[i];
    }
  }
  sorted.resize(std::min(sorted.size(), kept + 1));
}

Sorted sorted_magnitudes(const TensorStatistics& s) {
  std::vector<Bucket> buckets = s.histogram.buckets();
  for (Bucket& b : buckets) {
    if (b.lower < 0) b = {-b.upper, -b.lower, b.count};
  }
  std::ranges::sort(buckets, {}, &Bucket::lower);
  join_equal(buckets);
  const double low = s.extrema.min;
  const double high = s.extrema.max;
  // The smallest magnitude is known exactly only where all values have one sign.
  const double nearest =
      low <= 0 && high >= 0 ? buckets.front().lower : std::min(std::abs(low), std::abs(high));
  return {std::move(buckets), nearest, std::max(-low, high)};
}

/// At least one value must not be zero.
Sorted without_zeros(Sorted values) {
  std::erase_if(values.buckets, [](const Bucket& b) { return b.lower == 0 && b.upper == 0; });
  const double min = values.min == 0 ? values.buckets.front().lower : values.min;
  const double max = values.max == 0 ? values.buckets.back().upper : values.max;
  return {std::move(values.buckets), min, max};
}

/// The value at a rank 0 .. count - 1: the bucket's values lie evenly in it [percentile.md (2)].
double order_statistic(const Sorted& values, uint64_t rank) {
  if (rank == 0) return values.min;
  if (rank + 1 == values.count) return values.max;
  uint64_t before = 0;
  for (const Bucket& b : values.buckets) {
    if (rank < before + b.count) {
      const double share =
          (static_cast<double>(rank - before) + 0.5) / static_cast<double>(b.count);
      return b.lower + share * (b.upper - b.lower);
    }
    before += b.count;
  }
  return values.max;
}

double interpolated(const Sorted& values, double q) {
  const double position = q * static_cast<double>(values.count - 1);
  const auto rank = static_cast<uint64_t>(position);
  const double below = order_statistic(values, rank);
  const double share = position - static_cast<double>(rank);
  if (share == 0 || rank + 1 >= values.count) return below;
  return below + share * (order_statistic(values, rank + 1) - below);
}

Range range_of(const Sorted& values, double p, bool symmetric) {
  const double high = interpolated(values, p);
  if (symmetric) return {-high, high};
  const double low = interpolated(values, 1 - p);
  return {std::min(low, high), std::max(low, high)};
}

}  // namespace

std::optional<double> quantile(const TensorStatistics& statistics, double q) {
  check_share(q, true);
  if (!has_data(statistics)) return std::nullopt;
  return interpolated(sorted_values(statistics), q);
}

std::optional<double> absolute_quantile(const TensorStatistics& statistics, double q) {
  check_share(q, true);
  if (!has_data(statistics)) return std::nullopt;
  return interpolated(sorted_magnitudes(statistics), q);
}

std::optional<Range> percentile_range(const TensorStatistics& statistics, double percentile,
                                      bool symmetric) {
  check_share(percentile, false);
  if (!has_data(statistics)) return std::nullopt;
  const Sorted values = symmetric ? sorted_magnitudes(statistics) : sorted_values(statistics);
  const Range range = range_of(values, percentile, symmetric);
  const bool all_zero = values.min == 0 && values.max == 0;
  if (all_zero || range.min != 0 || range.max != 0) return range;
  return range_of(without_zeros(values), percentile, symmetric);
}

std::optional<quantization::AffineParameters> percentile(const TensorStatistics& statistics,
                                                         const quantization::Grid& grid,
                                                         double percentile) {
  quantization::check_grid(grid);
  const auto range = percentile_range(statistics, percentile, grid.symmetric);
  if (!range) return std::nullopt;
  return quantization::affine_from_range(*range, grid);
}

}  // namespace rangefinder::search
