#pragma once

#include <optional>
#include <vector>

#include "passes/runtime_calibration.h"
#include "report/summary.h"
#include "statistics/statistics_file.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// A plan for the same network with smoothed norms, and what would have been observed of it.
struct SmoothedPlan {
  Plan plan;
  statistics::StatisticsFile statistics;
};

/// What became of each norm, and the plan to go on with; none if no norm is smoothed.
struct Smoothed {
  std::optional<SmoothedPlan> plan = {};
  std::vector<report::SmoothingRow> rows = {};
};

/// Smooths the outputs of norms where what was counted of their channels says that the products
/// behind them gain by it (refine/smoothing.h). Runs no inference. Left alone are tensors whose
/// method must see more than counts, and those without counts of channels.
/// `options` are those that the plan was made with. Throws as make_plan() does.
Smoothed smooth_norms(const Plan& plan, const PlanOptions& options,
                      const statistics::StatisticsFile& statistics,
                      const passes::RuntimeCalibration& calibration);

}  // namespace rangefinder::workflow
