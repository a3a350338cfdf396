#pragma once

#include <string>
#include <vector>

#include "rangefinder/quantize.h"
#include "rangefinder/run_control.h"
#include "refine/refine_weights.h"
#include "workflow/plan.h"
#include "workflow/samples.h"
#include "workflow/solved_plan.h"

namespace rangefinder::workflow {

/// How weights are rounded at an effort: Effort::kNormal leaves the nodes whose rounding would take
/// much longer than inference of the samples looked at, Effort::kThorough looks at more samples and
/// leaves none.
refine::RefinementOptions refinement_options(Effort effort);

/// New codes for the weights of a solution (refine::refine_weights()), from calibration samples
/// that are spread over all of them. To be called before export_model(). Samples that pass by only
/// once leave everything as it is. Returns what became of each node with constant weights.
std::vector<refine::NodeRefinement> refine_weights(const Plan& plan, Samples& samples,
                                                   const RunControl& run, SolvedPlan& solution,
                                                   const refine::RefinementOptions& options = {});

/// What a summary says of it: how many nodes, which not and why. Empty if there were none.
std::string refinement_note(const std::vector<refine::NodeRefinement>& nodes);

}  // namespace rangefinder::workflow
