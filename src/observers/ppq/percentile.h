#pragma once

#include <span>
#include <vector>

#include "observers/observer.h"

namespace rangefinder::observers::ppq {

/// PPQ's TorchPercentileObserver on the CPU: two order statistics of every batch, averaged over
/// the batches. One pass.
///
/// Known faults, kept: not a percentile of the data set, depends on the batch split; batches of at
/// most 1 / (1 - p) values are not trimmed at all. Per channel is refused, as there.
class Percentile : public Observer {
 public:
  /// Throws std::invalid_argument if the config is per channel.
  Percentile(const quantization::TensorQuantizationConfig& config, double percentile);

  Needs needs() const override { return {.statistics = false, .raw_pass_count = 1}; }
  Laws laws() const override {
    return {.split = false, .merge = false, .empty = false, .order = false};
  }
  void observe(const tensor::TensorView& batch) override;
  Solution solve(const Observations& observations) override;

 private:
  quantization::TensorQuantizationConfig config_;
  double percentile_;
  std::vector<float> maxima_;
  std::vector<float> minima_;
};

/// The float32 mean of a short column in the order of additions of PyTorch 1.13 on the CPU: four
/// interleaved partial sums, each folded into a higher level every 16 terms (cascade summation).
float torch_mean(std::span<const float> values);

}  // namespace rangefinder::observers::ppq
