#pragma once

#include <optional>

#include "rangefinder/quantize.h"
#include "workflow/quantize.h"

namespace rangefinder {

struct QuantizedModel::State {
  workflow::Quantized quantized;
  Model model;
  std::optional<Statistics> statistics;
};

}  // namespace rangefinder
