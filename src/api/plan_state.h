#pragma once

#include "rangefinder/quantization_plan.h"
#include "workflow/configs.h"
#include "workflow/plan.h"

namespace rangefinder {

struct QuantizationPlan::State {
  workflow::Plan plan;
  workflow::PlannedConfigs planned;
};

}  // namespace rangefinder
