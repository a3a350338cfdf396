#include "refine/smoothed_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "refine/spread_stretches.h"

namespace rangefinder::refine {
namespace {

using statistics::ChannelSpread;
using statistics::TensorStatistics;
using statistics::ValueHistogram;

constexpr int64_t kBuckets = ValueHistogram::kBucketsPerOctave;
/// Finer buckets of a ValueHistogram in a coarse one.
constexpr int64_t kFine = kBuckets >> ChannelSpread::kMantissaBits;
constexpr int kExponentBias = 127;

/// Adds to the buckets from `first` to `last` of one octave and sign as evenly as whole numbers go.
void add_evenly(uint32_t base, int64_t first, int64_t last, uint64_t count, ValueHistogram& into) {
  const auto buckets = static_cast<uint64_t>(last - first + 1);
  const uint64_t rest = count % buckets;
  for (uint64_t i = 0; i < buckets; ++i) {
    const uint64_t share = count / buckets + ((i + 1) * rest / buckets - i * rest / buckets);
    if (share > 0)
      into.add_key(base + static_cast<uint32_t>(first + static_cast<int64_t>(i)), share);
  }
}

/// Whole buckets of many channels fall together: those are added up before they are spread.
class Collector {
 public:
  explicit Collector(ValueHistogram& into) : into_(into), whole_(2 * 2 * kExponentBias * kSteps) {}

  void add(const Stretch& stretch, int exponent) {
    const int octave = ChannelSpread::kLowestOctave + static_cast<int>(stretch.octave) - exponent;
    if (octave <= -kExponentBias || octave >= kExponentBias) {
      into_.add_zeros(octave < 0 ? stretch.count : 0);
    } else if (stretch.is_whole) {
      whole_[index(octave, stretch)] += stretch.count;
    } else {
      add_part(octave, stretch);
    }
  }

  void finish() {
    for (size_t i = 0; i < whole_.size(); ++i) {
      if (whole_[i] == 0) continue;
      const auto first = static_cast<int64_t>(i % kSteps) * kFine;
      add_evenly(base_of(i / kSteps), first, first + kFine - 1, whole_[i], into_);
    }
  }

 private:
  static constexpr size_t kSteps = kStretchSteps;

  static size_t octave_index(int octave, double sign) {
    return static_cast<size_t>(octave + kExponentBias) + (sign < 0 ? 2 * kExponentBias : 0);
  }
  static size_t index(int octave, const Stretch& stretch) {
    return octave_index(octave, stretch.sign) * kSteps + stretch.step;
  }
  /// The key of the first bucket of an octave.
  static uint32_t base_of(size_t octave) {
    constexpr size_t kPositive = 2 * kExponentBias;
    const size_t sign = octave < kPositive ? 0 : ValueHistogram::kOctaveCount / 2;
    return static_cast<uint32_t>((sign + octave % kPositive) * kBuckets);
  }

  void add_part(int octave, const Stretch& stretch) {
    const double unit =
        std::ldexp(1.0, ChannelSpread::kLowestOctave + static_cast<int>(stretch.octave));
    const auto start = static_cast<int64_t>(stretch.step) * kFine;
    const auto place = [&](double magnitude, int64_t least) {
      const double at = std::min((magnitude / unit - 1) * kBuckets, static_cast<double>(kBuckets));
      return std::clamp(static_cast<int64_t>(at), least, start + kFine - 1);
    };
    const int64_t first = place(stretch.low, start);
    add_evenly(base_of(octave_index(octave, stretch.sign)), first, place(stretch.high, first),
               stretch.count, into_);
  }

  ValueHistogram& into_;
  std::vector<uint64_t> whole_;
};

}  // namespace

TensorStatistics smoothed_statistics(const ChannelSpread& spread, std::span<const int> exponents) {
  if (exponents.size() != spread.channel_count()) {
    throw std::invalid_argument("an exponent is needed for each channel");
  }
  TensorStatistics result;
  Collector collector(result.histogram);
  for (size_t c = 0; c < exponents.size(); ++c) {
    if (!(spread.min(c) <= spread.max(c))) continue;
    result.extrema.add_range(std::ldexp(spread.min(c), -exponents[c]),
                             std::ldexp(spread.max(c), -exponents[c]));
    result.histogram.add_zeros(spread.zero_count(c));
    for_each_stretch(spread, c,
                     [&](const Stretch& stretch) { collector.add(stretch, exponents[c]); });
  }
  collector.finish();
  return result;
}

}  // namespace rangefinder::refine
