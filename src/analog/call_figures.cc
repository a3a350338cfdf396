#include "analog/call_figures.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "analog/rank.h"

namespace rangefinder::analog {
namespace {

/// Sums are kept in this many lanes, added up in order at the end: the same bits everywhere.
constexpr size_t kLanes = 8;

constexpr uint32_t kInfinityBits = 0x7f800000u;

/// A value and how often it occurs.
struct Occurrence {
  float value;
  uint64_t count;
};

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Sum of term(value) * occurrences over a slice, in lanes.
template <typename Term>
double weighted_sum(const ActivationMatrix& activations, size_t slice, Term term) {
  double total = 0.0;
  activations.for_each_run(
      slice, [&](const float* values, const uint32_t* weights, uint32_t uniform, size_t length) {
        double lanes[kLanes] = {};
        size_t i = 0;
        for (; i + kLanes <= length; i += kLanes) {
          for (size_t lane = 0; lane < kLanes; ++lane) {
            const double weight = weights == nullptr ? 1.0 : weights[i + lane];
            lanes[lane] += weight * term(static_cast<double>(values[i + lane]));
          }
        }
        for (; i < length; ++i) {
          lanes[i % kLanes] += (weights == nullptr ? 1.0 : weights[i]) * term(values[i]);
        }
        double sum = 0.0;
        for (const double lane : lanes) sum += lane;
        total += weights == nullptr ? sum * uniform : sum;
      });
  return total;
}

/// The entries of a slice whose magnitude lies in one bucket, largest first.
std::vector<Occurrence> bucket_entries(const ActivationMatrix& activations, size_t slice,
                                       uint32_t key) {
  std::vector<Occurrence> entries;
  activations.for_each_run(
      slice, [&](const float* values, const uint32_t* weights, uint32_t uniform, size_t length) {
        for (size_t i = 0; i < length; ++i) {
          const uint32_t bits = bits_of(values[i]) & 0x7fffffffu;
          if (bits >> statistics::ValueHistogram::kShift != key) continue;
          entries.push_back({std::fabs(values[i]), weights == nullptr ? uniform : weights[i]});
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
  activations.for_each_run(
      slice, [&](const float* values, const uint32_t* weights, uint32_t, size_t length) {
        uint32_t run = 0;
        if (weights == nullptr) {
          for (size_t i = 0; i < length; ++i) run = std::max(run, bits_of(values[i]) & 0x7fffffffu);
        } else {
          for (size_t i = 0; i < length; ++i) {
            const uint32_t mask = weights[i] == 0 ? 0u : 0x7fffffffu;
            run = std::max(run, bits_of(values[i]) & mask);
          }
        }
        largest = std::max(largest, run);
      });
  return largest;
}

std::optional<double> standard_deviation(const ActivationMatrix& activations, size_t slice) {
  const uint64_t count = activations.entry_count(slice);
  if (count < 2) return std::nullopt;
  const double sum = weighted_sum(activations, slice, [](double x) { return x; });
  const double mean = sum / static_cast<double>(count);
  const double seen =
      weighted_sum(activations, slice, [mean](double x) { return (x - mean) * (x - mean); });
  const double zeros = static_cast<double>(activations.unseen_zero_count(slice)) * mean * mean;
  return std::sqrt(std::max(seen + zeros, 0.0) / static_cast<double>(count - 1));
}

std::optional<float> magnitude_quantile(const ActivationMatrix& activations, size_t slice,
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
  activations.for_each_run(
      slice, [&](const float* values, const uint32_t* weights, uint32_t uniform, size_t length) {
        for (size_t i = 0; i < length; ++i) {
          const uint32_t weight = weights == nullptr ? uniform : weights[i];
          if (values[i] == 0.0f || weight == 0) continue;
          entries.push_back({values[i], weight});
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
