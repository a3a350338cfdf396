#pragma once

// What PPQ's tests share: the anchor stream of the reference and short ways to run an observer.

#include <bit>
#include <cstdint>
#include <vector>

#include "observers/ppq/methods.h"
#include "observers/run.h"
#include "support/streams.h"

namespace rangefinder::observers::ppq {

using Config = quantization::TensorQuantizationConfig;

inline Config symmetric(int bits = 8) {
  return Config::linear(quantization::Symmetry::kSymmetric, bits);
}
inline Config asymmetric(int bits = 8) {
  return Config::linear(quantization::Symmetry::kAsymmetric, bits);
}
inline Config power_of_2(Config config) {
  config.properties.scale_rule = quantization::ScaleRule::kPowerOf2;
  return config;
}
inline Config per_channel(Config config, int64_t axis) {
  config.properties.granularity = quantization::Granularity::kPerChannel;
  config.channel_axis = axis;
  return config;
}

// The stream of the reference's parity anchors.
inline std::vector<tensor::Tensor> anchor_batches() {
  return support::stream_batches("spike4", 1234, {4, 8, 16, 16}, 3);
}

inline Solution solve(std::string_view method, const Config& config,
                      std::span<const tensor::Tensor> batches,
                      const CalibrationOptions& options = {}) {
  const auto observer = registry().create(method, config, options);
  return run(*observer, config, batches);
}

inline uint32_t bits(float value) { return std::bit_cast<uint32_t>(value); }

inline uint32_t scale_bits(std::string_view method, const Config& config,
                           const CalibrationOptions& options = {}) {
  return bits(solve(method, config, anchor_batches(), options).parameters.at(0).scale);
}

inline std::vector<tensor::Tensor> batch_of(tensor::Shape shape, const std::vector<float>& values) {
  return {tensor::Tensor::from_floats(std::move(shape), values)};
}

}  // namespace rangefinder::observers::ppq
