#include "workflow/candidate.h"

#include <utility>

#include "engine/packed_model.h"
#include "exporters/mixed_qdq.h"
#include "workflow/leave_float.h"

namespace rangefinder::workflow {

engine::ModelSource export_candidate(const Candidate& candidate, const std::string& output) {
  const auto& [plan, solution, model, mixed] = candidate;
  if (!mixed) return engine::pack_whole_model(export_model(plan, solution), output);
  return engine::pack_whole_model(
      exporters::write_mixed_qdq(plan.prepared, plan.annotation, solution.tensors, solution.weights,
                                 *plan.target, *mixed),
      output);
}

Candidate candidate_with(const Candidate& integers,
                         const std::unordered_set<std::string>& float_nodes,
                         const std::string& output) {
  Candidate made{.plan = leave_float(integers.plan, float_nodes)};
  made.solution = keep_of(integers.solution, integers.plan, made.plan);
  made.model = export_candidate(made, output);
  return made;
}

Candidate candidate_with(const Candidate& integers,
                         const std::unordered_set<std::string>& float_nodes,
                         const WideSolution& wide,
                         const std::unordered_set<std::string>& wide_nodes,
                         const std::string& output) {
  Candidate made{.plan = leave_float(integers.plan, float_nodes)};
  Mixture mixture = mix(made.plan, keep_of(integers.solution, integers.plan, made.plan),
                        keep_of(wide.solution, integers.plan, made.plan), wide_nodes);
  made.solution = std::move(mixture.solution);
  made.mixed = std::move(mixture.codes);
  made.model = export_candidate(made, output);
  return made;
}

}  // namespace rangefinder::workflow
