#pragma once

#include <vector>

#include "observers/observer.h"
#include "statistics/exact_sum.h"

namespace rangefinder::observers {

/// The mean over batches of every batch's extremes (symmetric: of its largest magnitude), as ONNX
/// Runtime's calibration with averaged minimum and maximum. One outlying batch cannot stretch the
/// range; what a batch is matters.
///
/// From per-batch figures of the one counting pass; the sums are exact, so that the order of the
/// batches makes no difference.
class MeanMinMax : public Observer {
 public:
  explicit MeanMinMax(const quantization::TensorQuantizationConfig& config)
      : grid_(grid_of(config)) {}

  Needs needs() const override { return {.batch_figures = true}; }
  Laws laws() const override { return {.split = false}; }
  Solution solve(const Observations& observations) override;

 private:
  quantization::Grid grid_;
};

/// The mean over batches of every batch's own percentile range: what PPQ's percentile means to be,
/// with interpolated percentiles and per channel. Needs the raw batches, once: the percentile of a
/// batch cannot be told from the counts of all. Batches without a finite value count as none.
class MeanPercentile : public Observer {
 public:
  MeanPercentile(const quantization::TensorQuantizationConfig& config, double percentile)
      : config_(config), percentile_(percentile) {}

  Needs needs() const override { return {.statistics = false, .raw_pass_count = 1}; }
  Laws laws() const override { return {.split = false}; }
  void observe(const tensor::TensorView& batch) override;
  void merge(const Observer& other) override;
  Solution solve(const Observations& observations) override;

 private:
  struct Sums {
    statistics::ExactSum min;
    statistics::ExactSum max;
    uint64_t batch_count = 0;
  };

  quantization::TensorQuantizationConfig config_;
  double percentile_;
  std::vector<Sums> channels_;
};

}  // namespace rangefinder::observers
