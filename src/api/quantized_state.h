#pragma once

#include <optional>
#include <stdexcept>

#include "rangefinder/quantize.h"
#include "workflow/quantize.h"

namespace rangefinder {

struct QuantizedModel::State {
  workflow::Quantized quantized;
  /// None on ranks that only helped to observe.
  std::optional<Model> model;
  std::optional<Statistics> statistics;

  void require_model() const {
    if (!model) throw std::invalid_argument("the model is at rank 0; this rank helped to observe");
  }
};

}  // namespace rangefinder
