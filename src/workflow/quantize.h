#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/model_source.h"
#include "rangefinder/quantize.h"
#include "rangefinder/run_control.h"
#include "report/summary.h"
#include "statistics/statistics_file.h"
#include "workflow/choose.h"
#include "workflow/decisions.h"
#include "workflow/samples.h"
#include "workflow/shared_pass.h"
#include "workflow/solved_plan.h"

namespace rangefinder::workflow {

struct QuantizeRequest {
  engine::ModelSource model = {};
  PlanOptions plan = {};
  passes::RuntimeCalibration calibration = {.method = kDefaultMethod};
  Effort effort = Effort::kNormal;
  ChoiceOptions choice = {};
  SampleInput samples = {};
  SplitOptions split = {};
  RunControl run = {};
  /// Of the observation; everything behind it is done by the first rank.
  PassOptions pass = {};
  ResultFiles results = {};
  /// Every output must have so many dB, see workflow/verdict.h; else nothing is written.
  std::optional<double> require_sqnr = {};
  /// Tell how the time is spread over the nodes; done anyway for a report.
  bool node_times = false;
  /// How the program was called: what hints repeat.
  std::vector<std::string> command = {};
};

/// An int8 model, and what is known of it.
struct Quantized {
  /// Bytes, under the name that they were written to, if any.
  engine::ModelSource model = {};
  report::Summary summary = {};
  statistics::StatisticsFile statistics = {};
  /// What was left float; nothing if that was not chosen here.
  std::optional<Decisions> decisions = {};
};

/// The whole way: observe, solve, make the int8 model, load it back, measure it on held-out samples
/// and write what is asked for. Nothing is written unless everything before the writing went well,
/// except that what cannot be measured costs no more than its figures: the summary says why.
/// Ranks but the first return statistics alone.
Quantized quantize(const QuantizeRequest& request);

struct ObserveRequest {
  engine::ModelSource model = {};
  PlanOptions plan = {};
  SampleInput samples = {};
  SplitOptions split = {};
  RunControl run = {};
  PassOptions pass = {};
  /// Name patterns of tensors whose rows are kept too, and the axis along which they lie.
  std::vector<std::string> rows = {};
  int64_t row_axis = -1;
  /// Empty: nothing is written.
  std::filesystem::path output = {};
};

/// Observes and, on request, writes a statistics file: the first rank does. All return the same.
statistics::StatisticsFile observe(const ObserveRequest& request);

struct SolveRequest {
  engine::ModelSource model = {};
  statistics::StatisticsFile statistics = {};
  /// Where they come from, for messages; empty if from no file.
  std::filesystem::path statistics_file = {};
  PlanOptions plan = {};
  passes::RuntimeCalibration calibration = {.method = kDefaultMethod};
  Effort effort = Effort::kNormal;
  /// What is left float, from an earlier choice; empty: nothing but what the plan excludes.
  std::filesystem::path decisions = {};
  RunControl run = {};
  /// Model and summary.
  ResultFiles results = {};
};

/// The int8 model from statistics; runs no inference, so the summary has no outputs. The result's
/// statistics are those that were given.
Quantized solve(SolveRequest request);

/// Writes what is asked for of a result, all of it together or nothing. `decisions`: where new ones
/// go, if there are any.
void write_results(const Quantized& quantized, const ResultFiles& files,
                   const std::filesystem::path& decisions = {});

}  // namespace rangefinder::workflow
