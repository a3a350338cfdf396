#include <memory>
#include <set>
#include <string>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"
#include "rangefinder/analog.h"
#include "rangefinder/report.h"
#include "rangefinder/run_files.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path float_model;
  std::filesystem::path analog_model;
  std::vector<std::string> types = {"max",      "moving-std", "moving-quantile", "cache-quantile",
                                    "quantile", "mse"};
  /// The options of types that were given.
  std::set<std::string> given;
  bool json = false;
  std::filesystem::path report;
  DataArguments data;
  RunArguments run;
  CompareAnalogOptions options;
};

void require_used(const Arguments& arguments, const std::vector<std::string>& types) {
  std::set<std::string> given = arguments.given;
  if (arguments.options.noise_draws > 0) given.erase("seed");
  require_read_by(given, input_range_calibration_types(), types);
}

void run(const Arguments& arguments) {
  CompareAnalogOptions options = arguments.options;
  std::vector<std::string> types;
  for (const std::string& type : arguments.types) {
    const auto parsed = input_range_calibration_type(type);
    if (parsed != InputRangeCalibrationType::kNone) options.types.push_back(parsed);
    types.push_back(to_string(parsed));
  }
  require_used(arguments, types);
  options.samples = arguments.data.limit();
  Progress progress(arguments.run.shown_progress());
  options.run = run_control(arguments.run, progress);
  if (!arguments.report.empty()) {
    prepare_outputs({.models = {arguments.float_model, arguments.analog_model},
                     .data = arguments.data.paths,
                     .outputs = {arguments.report}});
  }
  const AnalogComparison comparison =
      compare_analog(Model::load(arguments.float_model), Model::load(arguments.analog_model),
                     arguments.data.source(options.run), options);
  progress.finish();
  if (!arguments.report.empty()) write_report(comparison, arguments.report);
  print(arguments.json ? comparison.json() : comparison.table());
}

void add_judged_options(CLI::App& command, Arguments& arguments) {
  const OptionGroup group(command, "What is judged");
  command
      .add_option(
          "--types", arguments.types,
          "Also calibrate by these types on the data and judge them (see below); none: only "
          "the model as it is")
      ->type_name("TYPE")
      ->delimiter(',')
      ->default_str("all");
  const auto add = [&](const std::string& name, auto& value, const std::string& description) {
    return add_noted_option(command, name, value, description, arguments.given);
  };
  CompareAnalogOptions& options = arguments.options;
  add("quantile", options.quantile, "Of the quantile types: the share of |x| kept, (0, 1]")
      ->type_name("P");
  command
      .add_option("--noise-draws", options.noise_draws,
                  "Draw the configuration's noise so often and print the error's mean and spread")
      ->check(CLI::PositiveNumber)
      ->type_name("N")
      ->default_str("none");
  add("seed", options.seed, "Of the noise, and of cache-quantile's rows")->type_name("N");
}

}  // namespace

void add_analog_compare(CLI::App& analog) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *analog.add_subcommand(
      "compare", "Tell how far an analog model's outputs are from those of its float original");
  command.add_option("FLOAT", arguments->float_model, "The float ONNX model")
      ->type_name(kModelFile)
      ->required();
  command.add_option("ANALOG", arguments->analog_model, "What 'analog calibrate' made of it")
      ->type_name(kModelFile)
      ->required();
  add_judged_options(command, *arguments);
  command.add_flag("--json", arguments->json, "Print JSON");
  add_report_option(command, arguments->report);
  add_data_options(command, arguments->data);
  add_run_options(command, arguments->run);
  add_quiet_option(command, arguments->run.quiet, "No progress, no remarks: the result alone");
  add_type_section(command);
  add_examples(command,
               {"rangefinder analog compare model.onnx analog.onnx --data held_out/",
                "rangefinder analog compare model.onnx analog.onnx --data held_out/ --types none "
                "--noise-draws 10"});
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
