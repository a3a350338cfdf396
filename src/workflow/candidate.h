#pragma once

#include <optional>
#include <string>
#include <unordered_set>

#include "engine/model_source.h"
#include "workflow/plan.h"
#include "workflow/solved_plan.h"
#include "workflow/widen.h"

namespace rangefinder::workflow {

/// One way to quantize a model: which nodes, with which numbers, and what came of it.
struct Candidate {
  Plan plan;
  SolvedPlan solution = {};
  engine::ModelSource model = {};
  /// Nodes on wider codes; none: all are on the target's.
  std::optional<exporters::MixedCodes> mixed = {};
};

/// The model that is written of a candidate; `output` is the path it is written to. Throws Error
/// (disk full).
engine::ModelSource export_candidate(const Candidate& candidate, const std::string& output);

/// The same with these nodes in float, exported.
Candidate candidate_with(const Candidate& integers,
                         const std::unordered_set<std::string>& float_nodes,
                         const std::string& output);

/// And these on wider codes.
Candidate candidate_with(const Candidate& integers,
                         const std::unordered_set<std::string>& float_nodes,
                         const WideSolution& wide,
                         const std::unordered_set<std::string>& wide_nodes,
                         const std::string& output);

}  // namespace rangefinder::workflow
