#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/sample_source.h"
#include "report/summary.h"
#include "workflow/run_options.h"
#include "workflow/solve.h"

namespace rangefinder::workflow {

struct QuantizeRequest {
  std::filesystem::path model = {};
  std::filesystem::path output = {};
  PlanOptions plan = {};
  passes::RuntimeCalibration calibration = {.method = kDefaultMethod};
  data::DataOptions data = {};
  RunOptions run = {};
  /// Also keep the statistics here.
  std::optional<std::filesystem::path> statistics = {};
  /// Also write the summary here, as JSON.
  std::optional<std::filesystem::path> summary = {};
};

/// The whole way: observe, solve, write the int8 model, load it back and measure it on held-out
/// samples. Nothing is written unless everything before the writing went well.
report::Summary quantize(const QuantizeRequest& request);

struct ObserveRequest {
  std::filesystem::path model = {};
  std::filesystem::path output = {};
  PlanOptions plan = {};
  data::DataOptions data = {};
  RunOptions run = {};
  /// Name patterns of tensors whose rows are kept too, and the axis along which they lie.
  std::vector<std::string> rows = {};
  int64_t row_axis = -1;
};

/// Observes and writes a statistics file. Returns the number of samples.
size_t observe_to_file(const ObserveRequest& request);

struct SolveRequest {
  std::filesystem::path model = {};
  std::filesystem::path statistics = {};
  std::filesystem::path output = {};
  PlanOptions plan = {};
  passes::RuntimeCalibration calibration = {.method = kDefaultMethod};
  /// Set it to stop before anything is written.
  const std::atomic<bool>* cancelled = nullptr;
  /// Also write the summary here, as JSON.
  std::optional<std::filesystem::path> summary = {};
};

/// Writes the int8 model from a statistics file; runs no inference, so the summary has no outputs.
report::Summary solve_from_file(const SolveRequest& request);

}  // namespace rangefinder::workflow
