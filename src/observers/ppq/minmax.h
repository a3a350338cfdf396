#pragma once

#include <vector>

#include "observers/observer.h"

namespace rangefinder::observers::ppq {

/// PPQ's TorchMinMaxObserver: extremes of all batches, per tensor or per channel. One pass.
class MinMax : public Observer {
 public:
  explicit MinMax(const quantization::TensorQuantizationConfig& config);

  Needs needs() const override { return {.statistics = false, .raw_pass_count = 1}; }
  Laws laws() const override { return {.empty = false}; }
  void observe(const tensor::TensorView& batch) override;
  void merge(const Observer& other) override;
  Solution solve(const Observations& observations) override;

 private:
  struct Extremes {
    float min;
    float max;
  };
  void take(size_t channel, float value);

  quantization::TensorQuantizationConfig config_;
  std::vector<Extremes> channels_;
};

}  // namespace rangefinder::observers::ppq
