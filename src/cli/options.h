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

/// --nonfinite, for commands that observe.
void add_nonfinite_option(CLI::App& command, RunArguments& arguments);

struct CalibrationArguments {
  workflow::Calibration calibration;
  std::vector<std::string> method_for;
  std::string target = "ort-cpu";

  /// Throws std::invalid_argument: an unknown method or target, a pattern without a method, an
  /// option that a method refuses.
  workflow::Calibration parse() const;
};

/// --method --method-for --percentile --alpha --target
void add_calibration_options(CLI::App& command, CalibrationArguments& arguments);

}  // namespace rangefinder::cli
