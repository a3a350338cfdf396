#pragma once

#include <cstddef>
#include <functional>
#include <future>

#include "analysis/fusion_check.h"
#include "data/sample_source.h"
#include "engine/model_source.h"
#include "rangefinder/run_control.h"
#include "report/summary.h"
#include "workflow/observe.h"
#include "workflow/plan.h"
#include "workflow/samples.h"

namespace rangefinder::workflow {

/// Feeds of samples; empty: none.
using MoreSamples = std::function<engine::SampleFeed()>;

/// The calibration samples that join those held out, evenly spread: of a list, none of a stream.
/// `samples` must outlive it.
MoreSamples joining_samples(const SampleInput& input, Samples& samples);

/// Which kernels ONNX Runtime makes of the quantized model; without a state (valid()) where those
/// are not the target's: the model is run as it stands then, and no time is taken.
using KernelLook = std::shared_future<analysis::FusionReport>;

/// The errors of the quantized model's outputs, and of the tensors that those are judged by, on
/// held-out samples, and how long both models take for one of them; into the summary, instead of
/// what is there. The model exists already: what cannot be measured is noted, and only a user who
/// interrupts stops it.
void measure_outputs(const Plan& plan, const data::SampleSource& held_out, const MoreSamples& more,
                     const RunControl& run, const engine::ModelSource& quantized,
                     const KernelLook& fusion, report::Summary& summary);

/// How the ranges of the summary's tensors suit the held-out samples that were looked at.
void measure_ranges(const Plan& plan, const ObservedBoth& seen, report::Summary& summary);

}  // namespace rangefinder::workflow
