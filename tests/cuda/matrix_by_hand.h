#pragma once

// An activation matrix by plain loops: what the kernels find on an emulated device and on a real
// one.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cuda/matrix_counter.h"
#include "statistics/samples.h"

namespace rangefinder::cuda {

inline constexpr uint32_t kHeight = 5;
inline constexpr uint32_t kWidth = 7;
inline constexpr uint32_t kChannels = 6;

/// 3x2 windows, 2 apart along the width, over a plane with a line of padding above and below.
inline constexpr WindowShape kWindows = {.input = {1, kHeight, kWidth},
                                         .kernel = {1, 3, 2},
                                         .stride = {1, 1, 2},
                                         .dilation = {1, 1, 3},
                                         .padding = {0, 1, 0},
                                         .output = {1, kHeight, 2}};

/// One slice of all channels with weights of their own, one of a stretch in two channels.
struct Weights {
  std::vector<uint32_t> plane = std::vector<uint32_t>(size_t{kHeight} * kWidth);
  Weights() {
    for (size_t i = 0; i < plane.size(); ++i) plane[i] = static_cast<uint32_t>(i * 7 % 5);
  }
  MatrixShape shape() const {
    const uint64_t size = plane.size();
    return {.channels = kChannels,
            .plane = size,
            .windows = kWindows,
            .slices = {
                {{.channels = kChannels, .channel_stride = size, .length = size, .weights = plane}},
                {{.offset = size + 3,
                  .channels = 2,
                  .channel_stride = size,
                  .length = size - 8,
                  .uniform = 3}}}};
  }
};

inline std::vector<std::vector<uint64_t>> keys_by_hand(const std::vector<float>& values) {
  const Weights weights;
  const size_t plane = weights.plane.size();
  std::vector<std::vector<uint64_t>> keys(2, std::vector<uint64_t>(kMagnitudeKeys));
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0.0f) continue;
    const uint32_t key = (as_bits(values[i]) & ~kSign) >> kKeyShift;
    const size_t place = i % plane;
    const size_t channel = i / plane % kChannels;
    keys[0][key] += weights.plane[place];
    const bool is_in_second = (channel == 1 || channel == 2) && place >= 3 && place < plane - 5;
    if (is_in_second) keys[1][key] += 3;
  }
  return keys;
}

inline uint64_t zero_rows_by_hand(const std::vector<float>& values) {
  const size_t plane = size_t{kHeight} * kWidth;
  const auto is_zero = [&](size_t sample, uint32_t row, uint32_t column) {
    for (int64_t y = int64_t{row} - 1; y <= int64_t{row} + 1; ++y) {
      if (y < 0 || y >= kHeight) continue;
      for (const uint32_t x : {2 * column, 2 * column + 3}) {
        for (size_t c = 0; c < kChannels; ++c) {
          const size_t at = (sample * kChannels + c) * plane + static_cast<size_t>(y) * kWidth + x;
          if (values[at] != 0.0f) return false;
        }
      }
    }
    return true;
  };
  uint64_t count = 0;
  for (size_t sample = 0; sample < values.size() / (kChannels * plane); ++sample) {
    for (uint32_t row = 0; row < kHeight; ++row) {
      for (uint32_t column = 0; column < 2; ++column) count += is_zero(sample, row, column) ? 1 : 0;
    }
  }
  return count;
}

/// The first lines of each sample are zero, of either sign.
inline std::vector<float> matrix_calls(size_t samples, uint32_t seed) {
  const size_t plane = size_t{kHeight} * kWidth;
  std::vector<float> values = statistics::mixed_values(samples * kChannels * plane, seed, false);
  for (size_t i = 0; i < values.size(); ++i) {
    if (i % plane < size_t{3} * kWidth) values[i] = i % 2 == 0 ? 0.0f : -0.0f;
  }
  return values;
}

}  // namespace rangefinder::cuda
