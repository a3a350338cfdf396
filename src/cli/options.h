#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/progress.h"
#include "data/sample_source.h"
#include "engine/observe.h"
#include "workflow/quantize.h"

namespace rangefinder::cli {

/// Text of the data options, parsed after the command line is complete.
struct DataArguments {
  std::vector<std::filesystem::path> paths;
  size_t samples = 0;
  std::string shard;
  std::string mean;
  std::string std;
  std::string scale;
  std::string resize;
  std::string crop;
  std::string layout = "nchw";
  std::string channels = "rgb";

  /// Throws std::invalid_argument.
  data::DataOptions parse() const;
};

/// --data --samples and the picture options.
void add_data_options(CLI::App& command, DataArguments& arguments);

struct RunArguments {
  int jobs = 0;
  std::string nonfinite = "error";
  std::string progress = "auto";
};

/// Jobs, policy and progress for a run that Ctrl-C stops. `progress` must outlive the run.
/// Throws std::invalid_argument.
workflow::RunOptions run_options(const RunArguments& arguments, Progress& progress);

/// --jobs --progress
void add_run_options(CLI::App& command, RunArguments& arguments);

/// --nonfinite, for commands that look for such values.
void add_nonfinite_option(CLI::App& command, RunArguments& arguments);

struct PlanArguments {
  std::string target = "ort-cpu";
  std::vector<std::string> exclude;

  /// Throws std::invalid_argument: an unknown target.
  workflow::PlanOptions parse() const;
};

/// --target --exclude
void add_plan_options(CLI::App& command, PlanArguments& arguments);

struct CalibrationArguments {
  passes::RuntimeCalibration calibration = {.method = workflow::kDefaultMethod};
  std::vector<std::string> method_for;
  std::vector<std::filesystem::path> plugins;

  /// Loads the plug-ins. Throws std::invalid_argument: an unknown method, a method that
  /// does not serve the target's activations or takes no such option, a pattern without a method.
  passes::RuntimeCalibration parse(const targets::Target& target) const;
};

/// --percentile --alpha --axis --top-k --plugin, for every command that names methods.
void add_method_options(CLI::App& command, observers::CalibrationOptions& options,
                        std::vector<std::filesystem::path>& plugins);

/// --method --method-for, and add_method_options().
void add_calibration_options(CLI::App& command, CalibrationArguments& arguments);

}  // namespace rangefinder::cli
