#include "analog/hardware/noise.h"

#include <cmath>

namespace rangefinder::analog {

double NormalSource::uniform() {
  state_ += 0x9e3779b97f4a7c15u;
  uint64_t x = state_;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return static_cast<double>((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

double NormalSource::next() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  double u = 0.0;
  double v = 0.0;
  double square = 0.0;
  do {
    u = 2.0 * uniform() - 1.0;
    v = 2.0 * uniform() - 1.0;
    square = u * u + v * v;
  } while (square >= 1.0 || square == 0.0);
  const double factor = std::sqrt(-2.0 * std::log(square) / square);
  spare_ = v * factor;
  has_spare_ = true;
  return u * factor;
}

void add_weight_noise(TileWeights& tile, const WeightModifierParameters& modifier,
                      NormalSource& source) {
  if (modifier.noise_type == WeightNoise::kNone) return;
  const bool per_output = modifier.noise_type == WeightNoise::kAddNormalPerChannel;
  const auto width = static_cast<size_t>(tile.columns.width());
  for (size_t i = 0; i < tile.programmed.size(); ++i) {
    const double largest = per_output ? tile.output_maximum[i / width] : tile.maximum;
    tile.programmed[i] += static_cast<float>(modifier.std_dev * largest * source.next());
  }
}

float output_noise_deviation(const TileWeights& tile, size_t output,
                             const ForwardParameters& forward, float range, size_t tile_count) {
  const double largest =
      forward.out_noise_per_channel ? tile.output_maximum.at(output) : tile.maximum;
  return static_cast<float>(forward.out_noise * range * largest /
                            std::sqrt(static_cast<double>(tile_count)));
}

}  // namespace rangefinder::analog
