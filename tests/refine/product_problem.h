#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "refine/product_error.h"

namespace rangefinder::refine {

inline constexpr quantization::Grid kGrid = {0, 255};
inline constexpr size_t kChannels = 24;
inline constexpr size_t kColumns = 16;

inline quantization::AffineParameters whole_range(const statistics::TensorStatistics& values) {
  return quantization::affine_from_range({values.extrema.min, values.extrema.max}, kGrid);
}

/// Normal rows whose every tenth channel is `outlier` times as large and shifted, and a matrix
/// whose rows there are so many times smaller.
struct Problem {
  std::vector<float> rows;
  ReadMatrix matrix;
  statistics::ChannelSpread spread;

  explicit Problem(float outlier, size_t row_count = 400) {
    std::mt19937 random(5);
    std::normal_distribution<float> normal;
    const auto size = [&](size_t c) { return c % 10 == 4 ? outlier : 1; };
    for (size_t i = 0; i < row_count * kChannels; ++i) {
      rows.push_back((normal(random) + 0.5f) * size(i % kChannels));
    }
    matrix = {.rows = kChannels, .columns = kColumns};
    for (size_t i = 0; i < kChannels * kColumns; ++i) {
      matrix.values.push_back(normal(random) / size(i / kColumns));
    }
    spread.add(rows, kChannels);
  }

  /// Squared error over signal of the product, both factors rounded: in plain loops.
  double error(const std::vector<int>& exponents) const {
    std::vector<double> x(rows.begin(), rows.end());
    std::vector<double> w(matrix.values.begin(), matrix.values.end());
    float low = 0;
    float high = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = std::ldexp(x[i], -exponents[i % kChannels]);
      low = std::min(low, static_cast<float>(x[i]));
      high = std::max(high, static_cast<float>(x[i]));
    }
    for (size_t i = 0; i < w.size(); ++i) w[i] = std::ldexp(w[i], exponents[i / kColumns]);
    const auto parameters = quantization::affine_from_range({low, high}, kGrid);
    const auto rounded_x = [&](double value) {
      return std::nearbyint(value / parameters.scale) * parameters.scale;
    };
    std::vector<double> steps(kColumns, 0);
    for (size_t i = 0; i < w.size(); ++i) {
      steps[i % kColumns] = std::max(steps[i % kColumns], std::abs(w[i]) / 127);
    }
    double noise = 0;
    double signal = 0;
    for (size_t row = 0; row < x.size(); row += kChannels) {
      for (size_t o = 0; o < kColumns; ++o) {
        double exact = 0;
        double rounded = 0;
        for (size_t c = 0; c < kChannels; ++c) {
          const double weight = w[c * kColumns + o];
          exact += x[row + c] * weight;
          rounded += rounded_x(x[row + c]) * std::nearbyint(weight / steps[o]) * steps[o];
        }
        noise += (exact - rounded) * (exact - rounded);
        signal += exact * exact;
      }
    }
    return noise / signal;
  }
};

}  // namespace rangefinder::refine
