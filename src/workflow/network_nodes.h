#pragma once

#include <vector>

#include "report/summary.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// The nodes of the prepared model that read or make a quantized tensor, or have weights, in graph
/// order. `float_nodes`: which of them compute in float, and why. Cost: linear in reads.
std::vector<report::NodeRow> network_nodes(const Plan& plan,
                                           const std::vector<report::FloatNodeRow>& float_nodes);

}  // namespace rangefinder::workflow
