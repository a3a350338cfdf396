#pragma once

#include <cstdint>
#include <vector>

#include "observers/observer.h"

namespace rangefinder::observers::ppq {

/// PPQ's isotone observer (quantization/observer/order.py): the scale under which most rows keep
/// their largest element. One pass; keeps two numbers per row.
///
/// Known faults, kept: offset 0 also when asymmetric; no floor under the scale and no power of two;
/// if no row can be kept, the range of the last row alone; scale 0 if no second element is positive
/// (no config can be activated with it). Axes that the original selects wrongly are refused.
class Isotone : public Observer {
 public:
  /// Rows lie along `axis`. Throws std::invalid_argument if the config is per channel.
  Isotone(const quantization::TensorQuantizationConfig& config, int64_t axis);

  Needs needs() const override { return {.statistics = false, .raw_pass_count = 1}; }
  Laws laws() const override { return {.merge = false, .empty = false, .order = false}; }
  void observe(const tensor::TensorView& batch) override;
  Solution solve(const Observations& observations) override;

 private:
  struct Row {
    float largest;
    float second;
  };

  quantization::TensorQuantizationConfig config_;
  int64_t axis_;
  std::vector<Row> rows_;
};

}  // namespace rangefinder::observers::ppq
