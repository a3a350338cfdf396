#pragma once

#include <mutex>

#include "analog/range_method.h"

namespace rangefinder::analog {

/// MAX: the largest |x| of each slice over all calls.
class MaxRange : public RangeMethod {
 public:
  explicit MaxRange(size_t slice_count) : largest_bits_(slice_count, 0) {}

  void observe(const CallId& call, const ActivationMatrix& activations) override;
  std::optional<std::vector<float>> ranges() const override;

 private:
  mutable std::mutex mutex_;
  /// As float bits, which order like the magnitudes they stand for.
  std::vector<uint32_t> largest_bits_;
};

}  // namespace rangefinder::analog
