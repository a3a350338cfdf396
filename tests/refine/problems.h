#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "refine/code_rows.h"
#include "refine/gram_matrix.h"
#include "refine/round_weights.h"

namespace rangefinder::refine {

/// Rows whose columns have `shared` in common: 0 makes them independent.
inline CodeRows make_rows(size_t row_count, size_t columns, float shared, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  CodeRows rows{columns, {}, 128};
  for (size_t row = 0; row < row_count; ++row) {
    const float common = normal(random);
    for (size_t i = 0; i < columns; ++i) {
      const float value = 128 + 30 * (shared * common + (1 - shared) * normal(random));
      rows.codes.push_back(static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f)));
    }
  }
  return rows;
}

/// Normal weights with their nearest codes.
inline ChannelWeights make_weights(size_t columns, size_t channels, float spread = 40,
                                   uint32_t seed = 2) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, spread);
  ChannelWeights weights{columns, channels};
  for (size_t i = 0; i < columns * channels; ++i) {
    weights.reals.push_back(std::clamp(normal(random), -127.0f, 127.0f));
    weights.codes.push_back(static_cast<int8_t>(std::nearbyint(weights.reals.back())));
  }
  return weights;
}

/// The whole symmetric matrix, the damping on its diagonal.
inline std::vector<std::vector<double>> damped(const SquareMatrix& gram, double share) {
  std::vector<std::vector<double>> h(gram.size, std::vector<double>(gram.size));
  double sum = 0;
  for (size_t i = 0; i < gram.size; ++i) {
    for (size_t j = 0; j <= i; ++j) h[i][j] = h[j][i] = static_cast<double>(gram.row(i)[j]);
    sum += h[i][i];
  }
  for (size_t i = 0; i < gram.size; ++i) h[i][i] += share * sum / static_cast<double>(gram.size);
  return h;
}

/// e^T H e of one channel.
inline double quadratic_form(const std::vector<std::vector<double>>& h,
                             const ChannelWeights& weights, const std::vector<int8_t>& codes,
                             size_t channel) {
  const auto error = [&](size_t k) {
    const size_t place = k * weights.channels + channel;
    return static_cast<double>(weights.reals[place]) - codes[place];
  };
  double sum = 0;
  for (size_t i = 0; i < h.size(); ++i) {
    for (size_t j = 0; j < h.size(); ++j) sum += error(i) * h[i][j] * error(j);
  }
  return sum;
}

}  // namespace rangefinder::refine
