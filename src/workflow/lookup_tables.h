#pragma once

#include <vector>

#include "rangefinder/summary.h"
#include "workflow/plan.h"
#include "workflow/solved_plan.h"

namespace rangefinder::workflow {

/// Codes for the plan's lookup tables, as far as that keeps what they say. No data are needed.
/// Where they are large they go to a temporary folder, so that a solution may be exported many
/// times. Throws Error as passes::quantize_table() does, and if the disk is full.
void quantize_tables(const Plan& plan, SolvedPlan& solution);

/// What a summary says of them.
std::vector<LookupTableRow> table_rows(const std::vector<passes::QuantizedTable>& tables);

}  // namespace rangefinder::workflow
