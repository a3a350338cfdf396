#pragma once

#include <optional>
#include <vector>

#include "passes/runtime_calibration.h"
#include "rangefinder/quantize.h"
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

/// The plan and the statistics to go on with: of the same network, smoothed where that helps and
/// the effort is more than fast.
class WorkingPlan {
 public:
  /// `plan` and `statistics` must outlive this. The summary is told of norms and seconds. Throws as
  /// smooth_norms().
  WorkingPlan(const Plan& plan, const PlanOptions& options,
              const statistics::StatisticsFile& statistics,
              const passes::RuntimeCalibration& calibration, Effort effort,
              report::Summary& summary);

  const Plan& plan() const { return smoothed_ ? smoothed_->plan : plan_; }
  const statistics::StatisticsFile& statistics() const {
    return smoothed_ ? smoothed_->statistics : statistics_;
  }

 private:
  const Plan& plan_;
  const statistics::StatisticsFile& statistics_;
  std::optional<SmoothedPlan> smoothed_ = {};
};

}  // namespace rangefinder::workflow
