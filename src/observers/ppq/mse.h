#pragma once

#include "observers/ppq/histogram.h"

namespace rangefinder::observers::ppq {

/// PPQ's mse observer: a sweep over few ranges in units of 2048 histogram bins.
///
/// Known faults, kept: symmetric searches nine ranges with half the true step; asymmetric sees one
/// candidate when the minimum is above 0 or the levels outnumber the bins.
class Mse : public HistogramObserver {
 public:
  static constexpr size_t kBinCount = 2048;

  explicit Mse(const quantization::TensorQuantizationConfig& config)
      : HistogramObserver(config, kBinCount) {}

 protected:
  quantization::AffineParameters search() const override;

 private:
  quantization::AffineParameters search_symmetric(size_t levels) const;
  quantization::AffineParameters search_asymmetric(size_t levels) const;
};

}  // namespace rangefinder::observers::ppq
