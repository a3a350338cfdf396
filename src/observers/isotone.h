#pragma once

#include "observers/observer.h"

namespace rangefinder::observers {

/// Isotone calibration: the scale under which most rows keep the order of their `top_count` largest
/// values, e.g. the arg-max of logits; search::isotone() does the work [isotone.md].
///
/// Reports the figures "row_count" and "kept_share", the share of rows whose order survives.
class Isotone : public Observer {
 public:
  /// Rows lie along `axis`; top_count 1: the arg-max. Throws std::invalid_argument if the config is
  /// per channel, floating, or top_count is not 1..statistics::RowTop::kMaxK.
  Isotone(const quantization::TensorQuantizationConfig& config, int64_t axis, int64_t top_count);

  Needs needs() const override { return {.row_top = top_count_, .row_axis = axis_}; }
  /// Throws Error if nothing finite was seen.
  Solution solve(const Observations& observations) override;

 private:
  quantization::Grid grid_;
  int64_t axis_;
  size_t top_count_;
};

}  // namespace rangefinder::observers
