#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "passes/runtime_calibration.h"
#include "rangefinder/quantize.h"
#include "refine/smooth_model.h"
#include "report/summary.h"
#include "statistics/statistics_file.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// A plan for the same network with scaled channels, and what would have been observed of it.
struct SmoothedPlan {
  Plan plan;
  statistics::StatisticsFile statistics;
  std::vector<refine::SmoothedChannels> smoothed = {};
  /// Of each the tensor that is divided now.
  std::vector<std::string> divided = {};
};

/// What became of each, and the plan to go on with; none if nothing is scaled.
struct Smoothed {
  std::optional<SmoothedPlan> plan = {};
  std::vector<report::SmoothingRow> rows = {};
};

/// Scales the channels of what norms and convolutions make where what was counted of them says that
/// the products behind them gain by it (refine/smoothing.h). Runs no inference. Left alone are
/// tensors whose method must see more than counts, and those without counts of channels.
/// `options` are those that the plan was made with. Throws as make_plan() does.
Smoothed smooth(const Plan& plan, const PlanOptions& options,
                const statistics::StatisticsFile& statistics,
                const passes::RuntimeCalibration& calibration);

/// The plan and the statistics to go on with: of the same network, smoothed where that helps and
/// the effort is more than fast.
class WorkingPlan {
 public:
  /// `plan` and `statistics` must outlive this. The summary is told of norms and seconds. Throws as
  /// smooth().
  WorkingPlan(const Plan& plan, const PlanOptions& options,
              const statistics::StatisticsFile& statistics,
              const passes::RuntimeCalibration& calibration, Effort effort,
              report::Summary& summary);

  /// What would have been seen of tensors that are scaled now, by name, where this was seen of
  /// their channels as they were.
  std::map<std::string, statistics::TensorStatistics> scaled(
      const std::map<std::string, statistics::ChannelSpread>& spreads) const;

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
