#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "statistics/channel_spread.h"

namespace rangefinder::refine {

/// Buckets of one sign in an octave of a ChannelSpread.
inline constexpr size_t kStretchSteps = statistics::ChannelSpread::kSlots / 2;

/// The part of a coarse bucket that the channel's extremes leave: magnitudes, sign and count.
struct Stretch {
  double low = 0;
  double high = 0;
  double sign = 1;
  uint64_t count = 0;
  size_t octave = 0;
  /// Which bucket of its sign.
  size_t step = 0;
  /// All of the bucket is left.
  bool is_whole = true;
};

/// Calls visit(stretch) for each bucket of a channel that is not empty, octave by octave.
template <typename Visit>
void for_each_stretch(const statistics::ChannelSpread& spread, size_t channel, Visit visit) {
  using Spread = statistics::ChannelSpread;
  const double min = spread.min(channel);
  const double max = spread.max(channel);
  for (size_t o = 0; o < Spread::kOctaveCount; ++o) {
    const auto counts = spread.counts(o, channel);
    if (counts.empty()) continue;
    const double unit = std::ldexp(1.0, Spread::kLowestOctave + static_cast<int>(o));
    for (size_t slot = 0; slot < counts.size(); ++slot) {
      if (counts[slot] == 0) continue;
      const bool is_positive = slot < kStretchSteps;
      const size_t step = slot % kStretchSteps;
      const double low = unit * (1 + static_cast<double>(step) / kStretchSteps);
      const double high = unit * (1 + static_cast<double>(step + 1) / kStretchSteps);
      const double least = is_positive ? min : -max;
      const double most = is_positive ? max : -min;
      Stretch stretch{.low = std::max(low, std::min(least, high)),
                      .high = std::max(low, std::min(most, high)),
                      .sign = is_positive ? 1.0 : -1.0,
                      .count = counts[slot],
                      .octave = o,
                      .step = step};
      stretch.is_whole = stretch.low == low && stretch.high == high;
      // The last octave holds all that is larger, too.
      if (o + 1 == Spread::kOctaveCount) stretch.high = std::max(most, low);
      visit(stretch);
    }
  }
}

}  // namespace rangefinder::refine
