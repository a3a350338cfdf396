#pragma once

#include <string>
#include <unordered_set>

#include "workflow/plan.h"
#include "workflow/solved_plan.h"

namespace rangefinder::workflow {

/// The plan with these nodes of the prepared model in float, too. What is observed for the plan
/// serves it. Cost: linear in nodes. Names that no node has change nothing.
Plan leave_float(const Plan& plan, const std::unordered_set<std::string>& nodes);

/// What the solution of `full` says of a plan that leave_float() made of it: each tensor keeps its
/// scale and zero point, each weight its codes, each bias its corrections, each
/// embedding its codes. Nothing is solved anew:
/// any choice of float nodes has the numbers of the one solution.
/// Throws std::invalid_argument if the plan is no such.
SolvedPlan keep_of(const SolvedPlan& solution, const Plan& full, const Plan& plan);

}  // namespace rangefinder::workflow
