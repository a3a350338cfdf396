#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/sample_source.h"
#include "engine/model_source.h"
#include "rangefinder/run_control.h"
#include "report/summary.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// Samples on which errors are traced.
inline constexpr size_t kTracedSamples = 4;

/// Where the quantized model's error is born: its tensors are compared with those of the prepared
/// float model as both compute, and a node is to blame for what its output has more noise, in
/// proportion to the signal, than the worst tensor that it reads. The `most` nodes to blame most,
/// the largest difference first; less than 1 dB does not count.
///
/// Traced are tensors that become codes, one sample at a time: all of them are there at once. If
/// those have more than `most_values` values, by the summary's counts, the largest are left out,
/// and what happens there counts for the next node. Of more than 1000 tensors nothing is traced,
/// and none is blamed. Throws Error as analysis::model_error() does.
std::vector<report::ErrorSourceRow> error_sources(
    const Plan& plan, const engine::ModelSource& quantized, const data::SampleSource& samples,
    const RunControl& run, const report::Summary& summary,
    uint64_t most_values = uint64_t{32} << 20, size_t most = 3);

}  // namespace rangefinder::workflow
