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

/// How weights are rounded at an effort. Effort::kThorough looks at up to 64 samples and leaves no
/// node for the work or memory that it takes. Effort::kNormal looks at 32, and has limits that
/// counts alone decide: so many multiplications for each one that the calibration samples take
/// themselves, and memory in proportion to the model.
struct RoundingEffort {
  refine::RefinementOptions options = {};
  /// For each one of all calibration samples, not only of those that are looked at; 0: no limit.
  double work_per_product = 0;
  /// Bytes for each byte of the float model, and what is allowed in any case; 0: no limit.
  double memory_per_byte = 0;
  /// Fewer judge nothing: then weights stay as they are.
  size_t least_samples = 0;

  /// With the limits that follow from so many calibration samples and a model of that size.
  refine::RefinementOptions fitted(size_t calibration_count, uint64_t model_bytes) const;
};
RoundingEffort rounding_effort(Effort effort);

/// Whether weights are rounded so before anything is judged: with Effort::kNormal those of models
/// that have 4 MiB and more of weights of convolutions. What others win by it is chance as long as
/// no output is ruined, and so observe and solve give the bytes of quantize for them. Never with
/// Effort::kFast.
bool rounds_at_once(Effort effort, const Plan& plan);

/// New codes for the weights of a solution (refine::refine_weights()), from calibration samples
/// that are spread over all of them. To be called before export_model(). Samples that pass by only
/// once leave everything as it is. Returns what became of each node with constant weights.
std::vector<refine::NodeRefinement> refine_weights(const Plan& plan, Samples& samples,
                                                   const RunControl& run, SolvedPlan& solution,
                                                   const RoundingEffort& effort = {});

/// What a summary says of it: how many nodes, which not and why. Empty if there were none.
std::string refinement_note(const std::vector<refine::NodeRefinement>& nodes);

}  // namespace rangefinder::workflow
