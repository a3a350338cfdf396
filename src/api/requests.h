#pragma once

#include "passes/runtime_calibration.h"
#include "rangefinder/method.h"
#include "rangefinder/quantize.h"
#include "workflow/plan.h"
#include "workflow/samples.h"
#include "workflow/shared_pass.h"

namespace rangefinder {

/// The layers' words for what users say. Each throws std::invalid_argument: an unknown name,
/// options that a method does not take.
workflow::PlanOptions plan_options(const PlanOptions& options);
passes::RuntimeCalibration calibration_of(const Method& method, const PlanOptions& plan);
workflow::SplitOptions split_options(const SplitOptions& options, const Model& model);

/// Samples as a model takes them. Throws Error as workflow::fit_samples() does.
workflow::SampleInput input_for(const Model& model, const SampleSource& samples);
workflow::PassOptions pass_options(const Checkpoint& checkpoint, Communicator* ranks);

}  // namespace rangefinder
