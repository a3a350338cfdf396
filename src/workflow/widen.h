#pragma once

#include <functional>
#include <string>
#include <unordered_set>

#include "exporters/mixed_qdq.h"
#include "passes/runtime_calibration.h"
#include "rangefinder/quantize.h"
#include "statistics/statistics_file.h"
#include "workflow/plan.h"
#include "workflow/solved_plan.h"

namespace rangefinder::workflow {

/// A network with all its codes on the wider grid of a target (targets::wider_target()): made by
/// solve_wide(), read by who mixes the two.
struct WideSolution {
  Plan plan;
  SolvedPlan solution;
};

/// Solves it when it is needed; empty: the target has no wider codes.
using SolveWide = std::function<WideSolution()>;

/// `plan`, which `narrow` is the solution of, on its target's wider codes: from the same
/// statistics, by the same methods. Weights keep their codes where the wider activations leave them
/// their scale. `options`: those that the plan was made with.
/// Throws std::invalid_argument if the target has none, Error if they cannot be written of this
/// model; else as solve_plan().
WideSolution solve_wide(const Plan& plan, const PlanOptions& options, const SolvedPlan& narrow,
                        const statistics::StatisticsFile& statistics,
                        const passes::RuntimeCalibration& calibration, const ShowRaw& show_raw,
                        Effort effort);

/// Some nodes of a plan on wider codes.
struct Mixture {
  SolvedPlan solution;
  exporters::MixedCodes codes;
};

/// `narrow` and `wide` are the solutions of a plan in both widths, see keep_of(): each tensor and
/// each node has the numbers of its width.
Mixture mix(const Plan& plan, const SolvedPlan& narrow, const SolvedPlan& wide,
            const std::unordered_set<std::string>& wide_nodes);

/// The grid of a tensor, by its row.
const quantization::TensorQuantizationConfig& grid_of(const targets::Target& target,
                                                      const report::TensorRow& row);

}  // namespace rangefinder::workflow
