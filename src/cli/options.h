#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/method_options.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "rangefinder/quantize.h"

namespace rangefinder::cli {

/// Text of the data options, parsed after the command line is complete.
struct DataArguments {
  std::vector<std::filesystem::path> paths;
  size_t samples = 0;
  size_t most_held_out = SplitOptions().most_held_out;
  std::string shard;
  std::string mean;
  std::string std;
  std::string scale;
  std::string resize;
  std::string crop;
  std::string layout = "nchw";
  std::string channels = "rgb";

  /// All three throw std::invalid_argument; the first Error, too, as SampleSource does. It tells
  /// by `run` if there are fewer samples than were asked for.
  SampleSource source(const RunControl& run) const;
  PictureOptions pictures() const;
  Shard parsed_shard() const;
  /// None unless a number was given.
  std::optional<size_t> limit() const;
};

/// --data --samples and the picture options.
void add_data_options(CLI::App& command, DataArguments& arguments);

/// --held-out, for commands that hold samples out.
void add_held_out_option(CLI::App& command, DataArguments& arguments);

struct RunArguments {
  int jobs = 0;
  std::string nonfinite = "error";
  std::string progress = "auto";
  std::filesystem::path keep = {};
  std::string device = "cpu";
  bool quiet = false;

  /// The mode of Progress.
  std::string shown_progress() const { return quiet ? "none" : progress; }
};

/// Jobs, policy and progress for a run that Ctrl-C stops. `progress` must outlive the run.
/// Throws std::invalid_argument.
RunControl run_control(const RunArguments& arguments, Progress& progress);
/// The same for one of several processes: only the first tells and keeps.
RunControl run_control(const RunArguments& arguments, Progress& progress, const Rank& rank);

/// What a user must know although nothing failed, on standard error.
void tell(const std::string& message);

/// --jobs --progress
void add_run_options(CLI::App& command, RunArguments& arguments);

/// --quiet, with what it leaves out.
void add_quiet_option(CLI::App& command, bool& quiet,
                      const std::string& description = "Print nothing but errors");

/// --output --summary, for commands that make a model.
void add_model_results(CLI::App& command, ResultFiles& results);

/// --progress alone.
void add_progress_option(CLI::App& command, std::string& mode);

/// --checkpoint --every --resume, for long passes over samples.
void add_checkpoint_options(CLI::App& command, Checkpoint& checkpoint);
/// --device, for commands that observe.
void add_device_option(CLI::App& command, RunArguments& arguments);

/// --keep, for commands that make a plan.
void add_keep_option(CLI::App& command, RunArguments& arguments);

/// --nonfinite, for commands that look for such values.
void add_nonfinite_option(CLI::App& command, RunArguments& arguments);

struct PlanArguments {
  PlanOptions options = {.target = "ort-cpu"};
};

/// --target --exclude
void add_plan_options(CLI::App& command, PlanArguments& arguments);

/// --effort
void add_effort_option(CLI::App& command, std::string& effort);

struct ChoiceArguments {
  std::optional<double> min_sqnr;
  std::string metric;
  std::optional<double> max_drop;
  std::optional<double> metric_timeout;
  bool fastest = false;
  std::filesystem::path decisions;

  /// Throws std::invalid_argument: options that need each other.
  ChoiceOptions options() const;
};

/// --min-sqnr --metric --max-drop --metric-timeout --fastest --decisions
void add_choice_options(CLI::App& command, ChoiceArguments& arguments);

/// --report
void add_report_option(CLI::App& command, std::filesystem::path& report);

/// For tables and JSON.
void print(const std::string& text);

}  // namespace rangefinder::cli
