#pragma once

#include <cstdint>
#include <span>

#include "analog/hardware/rpu_config.h"
#include "analog/hardware/tile_weights.h"

namespace rangefinder::analog {

/// Standard normal numbers from a seed, the same on every machine that has the same libm:
/// SplitMix64 (Steele, Lea and Flood 2014) and the polar method (Marsaglia and Bray 1964).
class NormalSource {
 public:
  explicit NormalSource(uint64_t seed) : state_(seed) {}

  double next();

 private:
  double uniform();

  uint64_t state_;
  double spare_ = 0.0;
  bool has_spare_ = false;
};

/// Adds modifier.std_dev times the largest weight of the tile, or of each output, times a normal
/// number to every programmed weight; nothing if modifier.noise_type is kNone.
void add_weight_noise(TileWeights& tile, const WeightModifierParameters& modifier,
                      NormalSource& source);

/// Deviation of the output noise of one output of a tile: out_noise * range * largest weight (of
/// the tile, or of the output if per channel) / sqrt(tiles).
float output_noise_deviation(const TileWeights& tile, size_t output,
                             const ForwardParameters& forward, float range, size_t tile_count);

}  // namespace rangefinder::analog
