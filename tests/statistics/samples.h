#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace rangefinder::statistics {

/// Values over all kinds of float: ordinary ones of both signs, zeros of both signs, subnormals,
/// the largest and smallest, and, if asked for, infinities and NaN of several bit patterns.
inline std::vector<float> mixed_values(size_t count, uint32_t seed, bool with_nonfinite) {
  using Limits = std::numeric_limits<float>;
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  const std::vector<float> finite = {0.0f,
                                     -0.0f,
                                     Limits::denorm_min(),
                                     -Limits::denorm_min(),
                                     Limits::min(),
                                     -Limits::min(),
                                     Limits::max(),
                                     Limits::lowest(),
                                     1.0f,
                                     -1.0f,
                                     1e-42f,
                                     -1e-42f};
  const std::vector<float> nonfinite = {Limits::infinity(),
                                        -Limits::infinity(),
                                        Limits::quiet_NaN(),
                                        -Limits::quiet_NaN(),
                                        std::bit_cast<float>(0x7F800001u),
                                        std::bit_cast<float>(0xFFFFFFFFu)};
  std::vector<float> values(count);
  for (float& value : values) {
    switch (random() % 4) {
      case 0:
        value = finite[random() % finite.size()];
        break;
      case 1:
        value = with_nonfinite && random() % 4 == 0 ? nonfinite[random() % nonfinite.size()] : 0;
        break;
      default:
        value = normal(random) * std::exp2(static_cast<float>(random() % 20) - 10);
    }
  }
  return values;
}

}  // namespace rangefinder::statistics
