#pragma once

#include <string>
#include <vector>

#include "quantization/dominance.h"
#include "quantization/tensor_quantization_config.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// How each quantized activation of a plan is quantized, in graph order, and which config rules
/// which: made before any data, filled in by calibration, read by the exporter.
struct PlannedConfigs {
  std::vector<std::string> tensors;
  std::vector<quantization::TensorQuantizationConfig> configs;
  quantization::Dominance dominance;
};

/// All configs on the target's grid. INITIAL; ACTIVATED where parameters are known without data (a
/// gate's output); OVERLAPPED by what they were moved or scaled from where codes stay the same;
/// PASSIVE_INIT where they share the parameters of others, see passes::Annotation::aligned.
PlannedConfigs plan_configs(const Plan& plan);

/// Throws std::invalid_argument naming a tensor whose config is not in force, or is on another grid
/// than the target's.
void require_complete(const Plan& plan, const PlannedConfigs& planned);

}  // namespace rangefinder::workflow
