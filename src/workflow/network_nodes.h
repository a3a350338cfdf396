#pragma once

#include <vector>

#include "report/summary.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// Nodes that stay float, as they are told.
std::vector<report::FloatNodeRow> float_rows(const std::vector<passes::FloatNode>& nodes);

/// The nodes of the prepared model that read or make a quantized tensor, or have weights, in graph
/// order. `float_nodes`: which of them compute in float, and why. Cost: linear in reads.
std::vector<report::NodeRow> network_nodes(const Plan& plan,
                                           const std::vector<report::FloatNodeRow>& float_nodes);

}  // namespace rangefinder::workflow
