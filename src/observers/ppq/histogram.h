#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "observers/observer.h"

namespace rangefinder::observers::ppq {

/// PPQ's TorchHistObserver up to the search: extremes in the first pass, equal-width counts over
/// the range they span in the second. Needs the raw batches twice.
///
/// Symmetric: counts of |x| over [0, max |x|]; asymmetric: of x over [min, max]. Values of the
/// second pass that lie outside are dropped, as there. The original's counters saturate (float32
/// at 2^24 a batch, int32 beyond 2^31); ours do not.
class HistogramObserver : public Observer {
 public:
  Needs needs() const override { return {.statistics = false, .raw_pass_count = 2}; }
  Laws laws() const override { return {.empty = false}; }
  void begin_pass(size_t pass) override;
  void observe(const tensor::TensorView& batch) override;
  void merge(const Observer& other) override;
  Solution solve(const Observations& observations) override;

 protected:
  /// Throws std::invalid_argument if the config is per channel: PPQ refuses it as well.
  HistogramObserver(const quantization::TensorQuantizationConfig& config, size_t bin_count);

  const quantization::TensorQuantizationConfig& config() const { return config_; }
  std::span<const int64_t> counts() const { return counts_; }
  /// Width of a bin, in double.
  double bin_width() const { return bin_width_; }
  float min() const { return min_; }

  /// The search over the finished counts.
  virtual quantization::AffineParameters search() const = 0;

 private:
  quantization::TensorQuantizationConfig config_;
  std::vector<int64_t> counts_;
  double bin_width_ = 0;
  size_t pass_ = 0;
  float min_;
  float max_;
};

/// Adds the counts of `values` (or of their magnitudes) over [low, high] as torch.histc does on
/// the CPU: index float32((x - low) * bins / (high - low)), the upper end in the last bin, values
/// outside ignored; an empty interval becomes the values' own, and if that is empty too, it is
/// widened by 1 to either side.
void add_histc(std::span<const float> values, bool magnitudes, float low, float high,
               std::span<int64_t> counts);

}  // namespace rangefinder::observers::ppq
