#include <memory>
#include <set>
#include <string>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"
#include "rangefinder/analog.h"
#include "rangefinder/run_files.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path model;
  std::filesystem::path hardware;
  AnalogFiles results;
  std::string type;
  std::string compatibility;
  /// The options of types that were given.
  std::set<std::string> given;
  DataArguments data;
  RunArguments run;
  InputRangeOptions options;
};

RunFiles files_of(const Arguments& arguments) {
  RunFiles files{.models = {arguments.model},
                 .data = arguments.data.paths,
                 .others = {arguments.hardware},
                 .outputs = {arguments.results.model}};
  for (const auto& file :
       {arguments.results.ranges, arguments.results.report, arguments.options.checkpoint.file}) {
    if (!file.empty()) files.outputs.push_back(file);
  }
  return files;
}

void run(const Arguments& arguments, const Rank& rank) {
  const auto type = input_range_calibration_type(arguments.type);
  require_read_by(arguments.given, input_range_calibration_types(), {to_string(type)});
  const auto compatibility =
      arguments.compatibility.empty() ? AnalogCompatibility::kNone : AnalogCompatibility::kAihwkit;
  Progress progress(arguments.run.shown_progress());
  InputRangeOptions options = arguments.options;
  options.samples = arguments.data.limit();
  options.run = run_control(arguments.run, progress, rank);
  options.ranks = rank.ranks;
  validate(type, options, compatibility);
  if (rank.is_first()) prepare_outputs(files_of(arguments), options.run);
  AnalogModel model = convert_to_analog(Model::load(arguments.model),
                                        AnalogHardware::load(arguments.hardware), compatibility);
  calibrate_input_ranges(model, type, arguments.data.source(options.run), options);
  progress.finish();
  model.save(arguments.results);
  if (rank.is_first() && !arguments.run.quiet) print(model.table());
}

void add_results(CLI::App& command, AnalogFiles& results) {
  const OptionGroup group(command, "Results");
  add_result_option(command, "-o,--output", results.model, "Where the analog model goes",
                    kModelFile)
      ->required();
  add_result_option(command, "--ranges", results.ranges,
                    "Also write the input ranges here, as JSON or for AIHWKIT-Lightning (.npz)",
                    "FILE.json|FILE.npz");
  add_report_option(command, results.report);
}

void add_hardware(CLI::App& command, Arguments& arguments) {
  const OptionGroup group(command, "Hardware");
  command.add_option("--rpu-config", arguments.hardware, "The analog hardware")
      ->type_name(kJsonFile)
      ->required();
  auto* compatibility = command.add_option("--compat", arguments.compatibility,
                                           "Find what this program finds: AIHWKIT-Lightning");
  require_word(*compatibility, {"aihwkit"});
}

void add_type_options(CLI::App& command, Arguments& arguments) {
  const OptionGroup group(command, "Calibration");
  command.add_option("--type", arguments.type, "How ranges are found (see below)")
      ->type_name("TYPE")
      ->required();
  const auto add = [&](const std::string& name, auto& value, const std::string& description) {
    return add_noted_option(command, name, value, description, arguments.given);
  };
  InputRangeOptions& options = arguments.options;
  add("quantile", options.quantile, "Of the quantile types: the share of |x| kept, (0, 1]")
      ->type_name("P");
  add("max-samples", options.max_samples, "Rows that cache-quantile keeps of each layer")
      ->type_name("N");
  add("std-alpha", options.std_alpha, "Deviations that moving-std takes for the range")
      ->type_name("X")
      ->default_str("of the layer's configuration");
  add("seed", options.seed, "Of cache-quantile's choice of rows")->type_name("N");
}

}  // namespace

void add_analog_calibrate(CLI::App& analog, const Rank& rank) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *analog.add_subcommand(
      "calibrate", "Float ONNX model and samples in, model of the calibrated analog hardware out");
  command.add_option("MODEL", arguments->model, "Float ONNX model")
      ->type_name(kModelFile)
      ->required();
  add_results(command, arguments->results);
  add_hardware(command, *arguments);
  add_type_options(command, *arguments);
  add_data_options(command, arguments->data);
  add_run_options(command, arguments->run);
  add_device_option(command, arguments->run);
  add_checkpoint_options(command, arguments->options.checkpoint);
  add_quiet_option(command, arguments->run.quiet);
  add_type_section(command);
  add_examples(command,
               {"rangefinder analog calibrate model.onnx --data samples/ --rpu-config rpu.json "
                "--type cache-quantile -o analog.onnx",
                "rangefinder analog calibrate model.onnx --data samples/ --rpu-config rpu.json "
                "--type mse -o analog.onnx --ranges ranges.json"});
  command.callback([arguments, rank] { run(*arguments, rank); });
}

}  // namespace rangefinder::cli
