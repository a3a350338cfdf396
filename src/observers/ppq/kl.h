#pragma once

#include "observers/ppq/histogram.h"

namespace rangefinder::observers::ppq {

/// PPQ's kl observer: TensorRT's published entropy calibration (Migacz 2017) on 4096 bins.
///
/// Known faults, kept: the lowest 0.2 % of the bins are zeroed and one is set to 1; candidates are
/// multiples of 2^(bits-1) bins; an all-zero first candidate (4 bits) makes a loss of NaN that
/// sorts first; the scale ignores quant_min and quant_max. Asymmetric and per-channel configs are
/// refused, as there, but before the data was seen and not after.
class Kl : public HistogramObserver {
 public:
  static constexpr size_t kBinCount = 4096;

  /// The config's detail "hist_bins" replaces kBinCount. Throws std::invalid_argument for configs
  /// that PPQ cannot solve: asymmetric, per channel, bins that are no multiple of 2^(bits-1).
  explicit Kl(const quantization::TensorQuantizationConfig& config);

 protected:
  quantization::AffineParameters search() const override;
};

/// The candidate range, in bins, with the least divergence; counts as PPQ's search leaves them.
size_t best_kl_range(std::span<const int64_t> counts, size_t quantized_bin_count);

}  // namespace rangefinder::observers::ppq
