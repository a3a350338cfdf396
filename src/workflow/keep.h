#pragma once

#include "engine/model_source.h"
#include "rangefinder/run_control.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// For a look inside: into the folder RunControl::keep, if there is one, go "prepared.onnx", the
/// float model as it is annotated, and "plan.json", which tensors become codes and how, which nodes
/// compute on them and why others do not. Throws Error (folder that cannot be made, disk full).
void keep_plan(const Plan& plan, const RunControl& control);

/// Likewise "quantized.onnx", as soon as it is there.
void keep_quantized(const engine::ModelSource& model, const RunControl& control);

}  // namespace rangefinder::workflow
