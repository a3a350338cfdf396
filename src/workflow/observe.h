#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "analysis/known_outputs.h"
#include "rangefinder/run_control.h"
#include "statistics/statistics_file.h"
#include "workflow/data_look.h"
#include "workflow/plan.h"
#include "workflow/samples.h"
#include "workflow/shared_pass.h"

namespace rangefinder::workflow {

/// One pass over the calibration samples, for the tensors wanted: plan.observed() or
/// plan.observed_with_sums(). Throws as engine::observe() and SharedPass do.
statistics::StatisticsFile observe(const Plan& plan, Samples& samples,
                                   const std::vector<engine::ObservedTensor>& wanted,
                                   const RunControl& run, const PassOptions& pass = {});

/// What the calibration samples show, and beside it what some of those show that are held out.
struct ObservedBoth {
  statistics::StatisticsFile statistics = {};
  DataLook look = {};
  /// Of the held-out samples: all values together, of the tensors wanted that are counted as a
  /// whole.
  std::map<std::string, statistics::TensorStatistics> held_out = {};
  /// And of their channels, where those are counted.
  std::map<std::string, statistics::ChannelSpread> held_out_spreads = {};
  /// Of tensors whose channels were scaled since: what would have been seen of them as they are
  /// now.
  std::map<std::string, statistics::TensorStatistics> held_out_scaled = {};
  DataLook held_out_look = {};
};

/// Held-out samples that are looked at, evenly spread: each costs about as much as one of the
/// others.
inline constexpr size_t kLookedAtCount = 8;

/// observe(), and then with the same session up to kLookedAtCount held-out samples. Of those none
/// stops anything. Only the first rank looks at them.
///
/// `outputs`: what the model gives on all held-out samples, and on the calibration samples that
/// join them (joining_place()), is kept there, as given by another form of it, unless it is too
/// much. Those that are not looked at cost no more than in the user's model, which need not run on
/// them any more.
ObservedBoth observe_both(const Plan& plan, Samples& samples,
                          const std::vector<engine::ObservedTensor>& wanted, const RunControl& run,
                          const PassOptions& pass = {}, analysis::KnownOutputs* outputs = nullptr);

/// One more pass, for methods that must see raw batches: shows these tensors to the visitor, by
/// their place in the list, sample by sample. One worker, so that the order is that of the samples.
/// Throws as engine::watch() does.
void show_raw(const Plan& plan, Samples& samples, const std::vector<std::string>& tensors,
              const passes::RawVisitor& visitor, const RunControl& run);

/// Throws Error naming `file` unless the statistics were observed on this very model, and hold
/// every tensor that the plan needs. They may hold more: what is excluded may have been observed.
void require_match(const Plan& plan, const statistics::StatisticsFile& statistics,
                   const std::string& file);

}  // namespace rangefinder::workflow
