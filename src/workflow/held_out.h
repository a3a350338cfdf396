#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <optional>

#include "analysis/fusion_check.h"
#include "analysis/known_outputs.h"
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

/// Which of those, from 0 on, the calibration sample at `place` of a list is; empty: it does not
/// join.
std::optional<size_t> joining_place(const Samples& samples, size_t place);

/// Which kernels ONNX Runtime makes of the quantized model; without a state (valid()) where those
/// are not the target's: the model is run as it stands then, and no time is taken.
using KernelLook = std::shared_future<analysis::FusionReport>;

/// Whether what a pass that observes computes can stand for the float model's outputs: those are
/// judged at themselves, and it runs where the model does.
bool can_borrow_outputs(const Plan& plan, const RunControl& run);

/// The errors of the quantized model's outputs, and of the tensors that those are judged by, on
/// held-out samples, and how long both models take for one of them; into the summary, instead of
/// what is there. The model exists already: what cannot be measured is noted, and only a user who
/// interrupts stops it. `known`: what the float model gives, see ModelErrorOptions::known.
void measure_outputs(const Plan& plan, const data::SampleSource& held_out, const MoreSamples& more,
                     const RunControl& run, const engine::ModelSource& quantized,
                     const KernelLook& fusion, analysis::KnownOutputs& known,
                     report::Summary& summary);

/// How the ranges of the summary's tensors suit the held-out samples that were looked at.
void measure_ranges(const Plan& plan, const ObservedBoth& seen, report::Summary& summary);

}  // namespace rangefinder::workflow
