#include "analog/ranges/histogram_range.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

#include "analog/ranges/call_figures.h"
#include "analog/ranges/rank.h"
#include "statistics/codec.h"
#include "statistics/counts.h"

namespace rangefinder::analog {
namespace {

using statistics::Bucket;

double cube(double x) { return x * x * x; }

/// Integral of the squared rounding error from 0 to x for steps of `step`: whole steps contribute
/// step^3 / 12 each, the rest is a cube (17).
double rounding_integral(double x, double step) {
  const double codes = std::nearbyint(x / step);
  return codes * cube(step) / 12.0 + cube(x - codes * step) / 3.0;
}

/// Mean squared error of values spread evenly over a bucket: rounded below `range`, clipped above.
double bucket_error(const Bucket& bucket, double range, double step) {
  const double width = bucket.upper - bucket.lower;
  if (width <= 0.0) return 0.0;
  double integral = 0.0;
  if (bucket.lower < range) {
    integral += rounding_integral(std::min(bucket.upper, range), step) -
                rounding_integral(bucket.lower, step);
  }
  if (bucket.upper > range) {
    integral += (cube(bucket.upper - range) - cube(std::max(bucket.lower - range, 0.0))) / 3.0;
  }
  return integral / width;
}

/// The buckets above 0, the last one cut at the largest value.
std::vector<Bucket> positive_buckets(const MagnitudeHistogram& magnitudes) {
  std::vector<Bucket> buckets = magnitudes.counts.buckets();
  std::erase_if(buckets, [](const Bucket& bucket) { return bucket.upper <= 0.0; });
  if (!buckets.empty()) buckets.back().upper = magnitudes.largest;
  return buckets;
}

/// The best of the ranges top, top * ratio, top * ratio^2, ... down to `bottom`.
double best_range(const std::vector<Bucket>& buckets, double levels, double top, double bottom,
                  double ratio) {
  double best = top;
  double least = INFINITY;
  for (double range = top; range >= bottom; range *= ratio) {
    const double error = squared_error(buckets, range, levels);
    if (error >= least) continue;
    best = range;
    least = error;
  }
  return best;
}

}  // namespace

double squared_error(const std::vector<Bucket>& buckets, double range, double levels) {
  const double step = 2.0 * range / levels;
  double sum = 0.0;
  for (const Bucket& bucket : buckets) {
    sum += static_cast<double>(bucket.count) * bucket_error(bucket, range, step);
  }
  return sum;
}

RangeSearch least_squared_error(double inp_res) {
  if (!is_quantized(inp_res)) {
    throw std::invalid_argument("type mse needs forward.inp_res: without steps there is no error");
  }
  return [levels = level_intervals(inp_res)](const MagnitudeHistogram& magnitudes) {
    const std::vector<Bucket> buckets = positive_buckets(magnitudes);
    if (buckets.empty()) return magnitudes.largest;
    const double top = buckets.back().upper;
    // Coarsely over everything, then finely around the best.
    constexpr double kCoarse = 0.96;
    constexpr double kFine = 0.998;
    const double coarse = best_range(buckets, levels, top, buckets.front().upper, kCoarse);
    const double fine =
        best_range(buckets, levels, std::min(top, coarse / kCoarse), coarse * kCoarse, kFine);
    return static_cast<float>(fine);
  };
}

RangeSearch histogram_quantile(double quantile) {
  return [quantile](const MagnitudeHistogram& magnitudes) {
    if (quantile == 1.0) return magnitudes.largest;
    const Rank rank = quantile_rank(quantile, magnitudes.counts.count(), Compatibility::kNone);
    const double wanted = static_cast<double>(rank.lower) + rank.fraction;
    double passed = 0.0;
    double result = 0.0;
    for (const Bucket& bucket : magnitudes.counts.buckets()) {
      const auto count = static_cast<double>(bucket.count);
      // The entries of a bucket stand in the middles of equal parts of it.
      const double share = std::min(1.0, (wanted - passed + 0.5) / count);
      result = bucket.lower + (bucket.upper - bucket.lower) * share;
      passed += count;
      if (passed > wanted) break;
    }
    return std::min(static_cast<float>(result), magnitudes.largest);
  };
}

void HistogramRange::observe(const CallId&, const ActivationMatrix& activations) {
  // At most 1 MiB of scratch per thread that observes; what is counted never outlives this call.
  thread_local MagnitudeCounts counts;
  // A call with NaN must leave no trace, not even in the slices before the one that has it.
  for (size_t slice = 0; slices_.size() > 1 && slice < slices_.size(); ++slice) {
    require_finite(largest_magnitude_bits(activations, slice));
  }
  for (size_t slice = 0; slice < slices_.size(); ++slice) {
    counts.count(activations, slice);
    require_finite(counts.largest_bits());
    const std::lock_guard lock(mutex_);
    counts.add_to(slices_[slice].counts);
    slices_[slice].largest =
        std::max(slices_[slice].largest, std::bit_cast<float>(counts.largest_bits()));
  }
}

void HistogramRange::add_counted(std::span<const MagnitudeHistogram> slices) {
  if (slices.size() != slices_.size()) throw std::invalid_argument("another number of slices");
  const std::lock_guard lock(mutex_);
  for (size_t slice = 0; slice < slices_.size(); ++slice) {
    slices_[slice].counts.merge(slices[slice].counts);
    slices_[slice].largest = std::max(slices_[slice].largest, slices[slice].largest);
  }
}

namespace {

bool is_largest_of(const statistics::ValueHistogram& counts, float largest) {
  const auto buckets = counts.buckets();
  if (buckets.empty()) return largest == 0.0f;
  const auto& last = *(buckets.end() - 1);
  return std::isfinite(largest) && last.lower <= largest && largest <= last.upper;
}

}  // namespace

void HistogramRange::encode(statistics::WireWriter& to) const {
  const std::lock_guard lock(mutex_);
  for (const MagnitudeHistogram& magnitudes : slices_) {
    statistics::encode(magnitudes.counts, to);
    to.f32(magnitudes.largest);
  }
}

void HistogramRange::add(statistics::WireReader& from) {
  const std::lock_guard lock(mutex_);
  for (MagnitudeHistogram& magnitudes : slices_) {
    const auto counts = statistics::decode_value_histogram(from);
    const float largest = from.f32();
    statistics::add_counts(magnitudes.counts.count(), counts.count());
    if (!is_largest_of(counts, largest)) from.fail("a largest magnitude that was not counted");
    magnitudes.counts.merge(counts);
    magnitudes.largest = std::max(magnitudes.largest, largest);
  }
}

std::optional<std::vector<float>> HistogramRange::ranges() const {
  const std::lock_guard lock(mutex_);
  std::vector<float> result;
  bool any = false;
  for (const MagnitudeHistogram& magnitudes : slices_) {
    any = any || magnitudes.largest > 0.0f;
    result.push_back(magnitudes.largest > 0.0f ? search_(magnitudes) : 0.0f);
  }
  return any ? std::optional(result) : std::nullopt;
}

}  // namespace rangefinder::analog
