#include <memory>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
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
  bool json = false;
  std::filesystem::path report;
  DataArguments data;
  RunArguments run;
  CompareAnalogOptions options;
};

void run(const Arguments& arguments) {
  CompareAnalogOptions options = arguments.options;
  for (const std::string& type : arguments.types) {
    const auto parsed = input_range_calibration_type(type);
    if (parsed != InputRangeCalibrationType::kNone) options.types.push_back(parsed);
  }
  options.samples = arguments.data.limit();
  Progress progress(arguments.run.progress);
  options.run = run_control(arguments.run, progress);
  if (!arguments.report.empty()) {
    prepare_outputs({.models = {arguments.float_model, arguments.analog_model},
                     .data = arguments.data.paths,
                     .outputs = {arguments.report}});
  }
  const AnalogComparison comparison =
      compare_analog(Model::load(arguments.float_model), Model::load(arguments.analog_model),
                     arguments.data.source(), options);
  progress.finish();
  if (!arguments.report.empty()) write_report(comparison, arguments.report);
  print(arguments.json ? comparison.json() : comparison.table());
}

}  // namespace

void add_analog_compare(CLI::App& analog) {
  auto arguments = std::make_shared<Arguments>();
  auto& command =
      *analog.add_subcommand("compare", "Error of an analog model against its original");
  command.add_option("FLOAT", arguments->float_model, "The float ONNX model")->required();
  command.add_option("ANALOG", arguments->analog_model, "What 'analog calibrate' made of it")
      ->required();
  command
      .add_option("--types", arguments->types,
                  "Also calibrate by these types on the data and judge them; default all, or none")
      ->delimiter(',');
  command.add_option("--quantile", arguments->options.quantile, "Of the quantile types, (0, 1]");
  command
      .add_option("--noise-draws", arguments->options.noise_draws,
                  "Draw the configuration's noise so often and print the error's mean and spread")
      ->check(CLI::PositiveNumber);
  command.add_option("--seed", arguments->options.seed,
                     "Of the noise, and of cache-quantile's rows");
  command.add_flag("--json", arguments->json, "Print JSON");
  add_report_option(command, arguments->report);
  add_data_options(command, arguments->data);
  add_run_options(command, arguments->run);
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
