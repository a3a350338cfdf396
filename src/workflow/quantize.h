#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "data/sample_source.h"
#include "engine/observe.h"
#include "report/summary.h"
#include "workflow/solve.h"

namespace rangefinder::workflow {

/// Where long work stands: the name of the stage, samples done, samples in all.
using StageProgress = std::function<void(const std::string& stage, size_t done, size_t total)>;

/// How the model runs over samples.
struct RunOptions {
  /// Workers; 0: one per core.
  int jobs = 0;
  engine::Nonfinite nonfinite = engine::Nonfinite::kError;
  StageProgress progress = {};
  const std::atomic<bool>* cancelled = nullptr;
};

struct QuantizeRequest {
  std::filesystem::path model = {};
  std::filesystem::path output = {};
  const targets::Target* target = nullptr;
  Calibration calibration = {};
  data::DataOptions data = {};
  RunOptions run = {};
  /// Also keep the statistics here.
  std::optional<std::filesystem::path> statistics = {};
};

/// The whole way: observe, solve, write the int8 model, load it back and measure it on held-out
/// samples. Nothing is written unless everything before the writing went well.
report::Summary quantize(const QuantizeRequest& request);

struct ObserveRequest {
  std::filesystem::path model = {};
  std::filesystem::path output = {};
  const targets::Target* target = nullptr;
  data::DataOptions data = {};
  RunOptions run = {};
};

/// Observes and writes a statistics file. Returns the number of samples.
size_t observe_to_file(const ObserveRequest& request);

struct SolveRequest {
  std::filesystem::path model = {};
  std::filesystem::path statistics = {};
  std::filesystem::path output = {};
  const targets::Target* target = nullptr;
  Calibration calibration = {};
};

/// Writes the int8 model from a statistics file; runs no inference, so the summary has no outputs.
report::Summary solve_from_file(const SolveRequest& request);

}  // namespace rangefinder::workflow
