#pragma once

#include <optional>

#include "data/sample_source.h"
#include "engine/model_source.h"
#include "rangefinder/run_control.h"
#include "report/verdict.h"
#include "workflow/observe.h"
#include "workflow/plan.h"
#include "workflow/samples.h"

namespace rangefinder::workflow {

/// What is still to be found out of a model whose outputs were measured, and the verdict; all of it
/// into the summary. Where the error is born is looked for if an output is not good and the effort
/// is more than fast. The model exists already: what cannot be found out is left out, and only a
/// user who interrupts stops it.
void give_verdict(const Plan& plan, const engine::ModelSource& quantized, const ObservedBoth& seen,
                  const data::SampleSource& held_out, const RunControl& run,
                  const report::Circumstances& circumstances, report::Summary& summary);

/// Before any work: what is required must be a number, and be measured. Throws
/// std::invalid_argument unless it is one, and if holding out was declined; Error if the samples
/// are too few to hold any out.
void require_measurable(double required, const SampleInput& input, const SplitOptions& split,
                        const Samples& samples);

/// Throws Error naming the worst output unless every output has `required` dB of signal over noise
/// on held-out samples, by the upper bound of the noise where there is one
/// (report::judged_db()).
void require_sqnr(const report::Summary& summary, double required);

}  // namespace rangefinder::workflow
