#pragma once

#include "analysis/model_error.h"
#include "engine/model_source.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// Refuses samples exactly where calibration would: NaN or infinity in a tensor that is observed.
/// The plan must outlive the check.
analysis::CheckSample check_observed(const Plan& plan);

/// The same where no plan is at hand: observed are those tensors of the float model that the
/// quantized one has as codes. The plan is made when the first sample is to be checked; a float
/// model that cannot be planned is not checked.
analysis::CheckSample check_quantized(const engine::ModelSource& float_model,
                                      const engine::ModelSource& quantized_model);

}  // namespace rangefinder::workflow
