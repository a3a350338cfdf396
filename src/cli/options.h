#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

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

  /// All three throw std::invalid_argument; the first Error, too, as SampleSource does.
  SampleSource source() const;
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
};

/// Jobs, policy and progress for a run that Ctrl-C stops. `progress` must outlive the run.
/// Throws std::invalid_argument.
RunControl run_control(const RunArguments& arguments, Progress& progress);

/// What a user must know although nothing failed, on standard error.
void tell(const std::string& message);

/// --jobs --progress
void add_run_options(CLI::App& command, RunArguments& arguments);

/// --keep, for commands that make a plan.
void add_keep_option(CLI::App& command, RunArguments& arguments);

/// --nonfinite, for commands that look for such values.
void add_nonfinite_option(CLI::App& command, RunArguments& arguments);

struct PlanArguments {
  PlanOptions options = {.target = "ort-cpu"};
};

/// --target --exclude
void add_plan_options(CLI::App& command, PlanArguments& arguments);

struct MethodArguments {
  Method method = {};
  std::vector<std::string> rules;
  std::vector<std::filesystem::path> plugins;

  /// Loads the plug-ins. Throws std::invalid_argument: an unknown method, a method that does not
  /// serve the target's activations or takes no such option, a pattern without a method.
  Method parse(const std::string& target) const;
};

/// --percentile --alpha --axis --top-k --plugin, for every command that names methods.
void add_method_options(CLI::App& command, MethodArguments& arguments);

/// --method --method-for, and add_method_options().
void add_method_rules(CLI::App& command, MethodArguments& arguments);

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
