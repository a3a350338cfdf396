#pragma once

#include <span>

#include "statistics/channel_spread.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::refine {

/// What would have been counted of all channels together had each been divided by 2^exponents[c]:
/// extremes are exact, the values of a coarse bucket are spread evenly over the finer ones that the
/// channel's extremes leave (docs/numerics/smoothing.md (7)).
/// Throws std::invalid_argument unless there is an exponent for each channel.
/// Cost: linear in the number of coarse buckets.
statistics::TensorStatistics smoothed_statistics(const statistics::ChannelSpread& spread,
                                                 std::span<const int> exponents);

}  // namespace rangefinder::refine
