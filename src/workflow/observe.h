#pragma once

#include <string>
#include <vector>

#include "rangefinder/run_control.h"
#include "statistics/statistics_file.h"
#include "workflow/plan.h"
#include "workflow/samples.h"

namespace rangefinder::workflow {

/// One pass over the calibration samples, for the tensors wanted: plan.observed() or
/// plan.observed_with_sums(). Throws as engine::observe() does.
statistics::StatisticsFile observe(const Plan& plan, Samples& samples,
                                   const std::vector<engine::ObservedTensor>& wanted,
                                   const RunControl& run);

/// One more pass, for methods that must see raw batches: shows these tensors to the visitor, by
/// their place in the list, sample by sample. One worker, so that the order is that of the samples.
/// Throws as engine::watch() does.
void show_raw(const Plan& plan, Samples& samples, const std::vector<std::string>& tensors,
              const passes::RawVisitor& visitor, const RunControl& run);

/// Throws Error naming `file` unless the statistics were observed on this very model, and hold
/// every tensor that the plan needs. They may hold more: what is excluded may have been observed.
void require_match(const Plan& plan, const statistics::StatisticsFile& statistics,
                   const std::string& file);

}  // namespace rangefinder::workflow
