#include "analog/ranges/call_figures.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "analog/ranges/rank.h"
#include "analog/ranges/top_magnitudes.h"
#include "analog/simd/largest_magnitude.h"
#include "analog/simd/power_sums.h"

namespace rangefinder::analog {
namespace {

/// Fewer entries than one in this many are kept to find a quantile; else all are counted.
constexpr uint64_t kTopShare = 16;

/// Below this share of the sum of squares the squared deviations have lost too many digits.
constexpr double kLeastShare = 1.0 / 64;

constexpr uint32_t kInfinityBits = 0x7f800000u;

/// A value and how often it occurs.
struct Occurrence {
  float value;
  uint64_t count;
};

/// Calls visit(run) for the parts of a run whose elements occur.
template <typename Visitor>
void for_each_entry_run(const ElementRun& run, Visitor&& visit) {
  if (run.weights == nullptr) return visit(run);
  const uint32_t* end = run.weights + run.positions;
  for (const uint32_t* begin = run.weights; begin != end;) {
    begin = std::find_if(begin, end, [](uint32_t weight) { return weight != 0; });
    const uint32_t* stop = std::find(begin, end, 0u);
    const auto first = static_cast<size_t>(begin - run.weights) * run.lanes;
    const auto positions = static_cast<size_t>(stop - begin);
    visit(ElementRun{run.values + first, positions, run.lanes, begin, run.uniform});
    begin = stop;
  }
}

void add_power_sums(const ElementRun& run, double pivot, simd::PowerSums& total) {
  const bool uniform = run.weights == nullptr;
  const auto sums = uniform ? simd::power_sums(run.span(), pivot)
                            : simd::weighted_power_sums(run.span(), run.weights, run.lanes, pivot);
  const double factor = uniform ? run.uniform : 1.0;
  total.first += factor * sums.first;
  total.second += factor * sums.second;
}

/// Over the elements that for_each_run() visits, as often as they occur.
simd::PowerSums power_sums(const ActivationMatrix& activations, size_t slice, double pivot) {
  simd::PowerSums total;
  activations.for_each_run(slice,
                           [&](const ElementRun& run) { add_power_sums(run, pivot, total); });
  if (std::isfinite(total.second)) return total;
  // NaN that occurs 0 times is still NaN: once more, without what does not occur.
  total = {};
  activations.for_each_run(slice, [&](const ElementRun& run) {
    for_each_entry_run(run, [&](const ElementRun& part) { add_power_sums(part, pivot, total); });
  });
  return total;
}

/// The entries of a slice whose magnitude lies in one bucket, largest first.
std::vector<Occurrence> bucket_entries(const ActivationMatrix& activations, size_t slice,
                                       uint32_t key) {
  std::vector<Occurrence> entries;
  activations.for_each_run(slice, [&](const ElementRun& run) {
    for (size_t i = 0; i < run.length(); ++i) {
      const uint32_t bits = std::bit_cast<uint32_t>(run.values[i]) & 0x7fffffffu;
      if (bits >> statistics::ValueHistogram::kShift != key) continue;
      entries.push_back({std::fabs(run.values[i]), run.weight(i)});
    }
  });
  std::sort(entries.begin(), entries.end(),
            [](const Occurrence& a, const Occurrence& b) { return a.value > b.value; });
  return entries;
}

/// The value that `before` others precede.
float value_at(const std::vector<Occurrence>& sorted, uint64_t before) {
  for (const Occurrence& entry : sorted) {
    if (before < entry.count) return entry.value;
    before -= entry.count;
  }
  return sorted.empty() ? 0.0f : sorted.back().value;
}

/// Order statistics of the magnitudes, by number from the smallest.
class MagnitudeOrder {
 public:
  MagnitudeOrder(const ActivationMatrix& activations, size_t slice, const MagnitudeCounts& counts)
      : activations_(activations), slice_(slice), counts_(counts) {}

  float value(uint64_t number) {
    const auto place = counts_.find(counts_.entry_count() - 1 - number);
    if (!place) return 0.0f;
    if (place->key != key_) {
      key_ = place->key;
      entries_ = bucket_entries(activations_, slice_, key_);
    }
    return value_at(entries_, counts_.entry_count() - 1 - number - place->above);
  }

 private:
  const ActivationMatrix& activations_;
  size_t slice_;
  const MagnitudeCounts& counts_;
  uint32_t key_ = 0;
  std::vector<Occurrence> entries_;
};

}  // namespace

uint32_t largest_magnitude_bits(const ActivationMatrix& activations, size_t slice) {
  uint32_t largest = 0;
  activations.for_each_run(slice, [&](const ElementRun& run) {
    for_each_entry_run(run, [&](const ElementRun& part) {
      largest = std::max(largest, simd::largest_magnitude(part.span()));
    });
  });
  return largest;
}

std::optional<double> standard_deviation(const ActivationMatrix& activations, size_t slice) {
  const uint64_t count = activations.entry_count(slice);
  if (count < 2) return std::nullopt;
  const auto sums = power_sums(activations, slice, 0.0);
  const double mean = sums.first / static_cast<double>(count);
  double squares = sums.second - sums.first * mean;
  // Also if there is no comparing, because of a NaN.
  if (!(squares > kLeastShare * sums.second)) {
    const double zeros = static_cast<double>(activations.unseen_zero_count(slice)) * mean * mean;
    squares = std::max(power_sums(activations, slice, mean).second + zeros, 0.0);
  }
  return std::sqrt(squares / static_cast<double>(count - 1));
}

MagnitudeQuantile magnitude_quantile(const ActivationMatrix& activations, size_t slice,
                                     double quantile) {
  const uint64_t count = activations.entry_count(slice);
  if (count == 0 || quantile == 1.0) {
    const uint32_t bits = largest_magnitude_bits(activations, slice);
    return {count == 0 ? std::nullopt : std::optional(std::bit_cast<float>(bits)), bits};
  }
  const Rank rank = quantile_rank(quantile, count, Compatibility::kNone);
  if (count - rank.lower > count / kTopShare) {
    // At most 1 MiB of scratch per thread that observes; what is counted never outlives this call.
    thread_local MagnitudeCounts counts;
    counts.count(activations, slice);
    return {counted_quantile(activations, slice, counts, quantile), counts.largest_bits()};
  }
  TopMagnitudes top(count - rank.lower);
  activations.for_each_run(slice, [&](const ElementRun& run) { top.add(run); });
  const uint64_t above = count - 1 - rank.lower;
  const float lower = top.value(above);
  if (rank.fraction == 0.0) return {lower, top.largest_bits()};
  return {interpolate(lower, top.value(above - 1), rank.fraction), top.largest_bits()};
}

std::optional<float> counted_quantile(const ActivationMatrix& activations, size_t slice,
                                      const MagnitudeCounts& counts, double quantile) {
  if (counts.entry_count() == 0) return std::nullopt;
  const Rank rank = quantile_rank(quantile, counts.entry_count(), Compatibility::kNone);
  MagnitudeOrder order(activations, slice, counts);
  const float lower = order.value(rank.lower);
  if (rank.fraction == 0.0) return lower;
  return interpolate(lower, order.value(rank.lower + 1), rank.fraction);
}

std::optional<float> signed_quantile(const ActivationMatrix& activations, size_t slice,
                                     double quantile) {
  const uint64_t count = activations.entry_count(slice);
  if (count == 0) return std::nullopt;
  if (largest_magnitude_bits(activations, slice) > kInfinityBits) return NAN;
  std::vector<Occurrence> entries;
  uint64_t nonzero = 0;
  activations.for_each_run(slice, [&](const ElementRun& run) {
    for (size_t i = 0; i < run.length(); ++i) {
      const uint32_t weight = run.weight(i);
      if (run.values[i] == 0.0f || weight == 0) continue;
      entries.push_back({run.values[i], weight});
      nonzero += weight;
    }
  });
  entries.push_back({0.0f, count - nonzero});
  std::sort(entries.begin(), entries.end(),
            [](const Occurrence& a, const Occurrence& b) { return a.value < b.value; });
  const Rank rank = quantile_rank(quantile, count, Compatibility::kAihwkit);
  const uint64_t upper = rank.lower + (rank.fraction > 0.0 ? 1 : 0);
  return interpolate(value_at(entries, rank.lower), value_at(entries, upper), rank.fraction);
}

}  // namespace rangefinder::analog
