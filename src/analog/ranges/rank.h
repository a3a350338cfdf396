#pragma once

#include <cstdint>

#include "analog/hardware/tile_weights.h"

namespace rangefinder::analog {

/// Where a quantile lies among sorted values: between number `lower` (from 0) and the next.
struct Rank {
  uint64_t lower = 0;
  double fraction = 0.0;

  bool operator==(const Rank&) const = default;
};

/// quantile * (count - 1), split into its integer part and the rest ("linear" interpolation). In
/// float64, or with kAihwkit in float32, as PyTorch computed it up to 2026 (at 2^24 values that is
/// off by 6e-5). Throws std::invalid_argument unless count > 0 and 0 <= quantile <= 1.
Rank quantile_rank(double quantile, uint64_t count, Compatibility compatibility);

/// The value at `fraction` between two neighbours, in float32, exact at both ends.
float interpolate(float lower, float upper, double fraction);

}  // namespace rangefinder::analog
