#include <memory>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
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
  double std_alpha = 0.0;
  DataArguments data;
  RunArguments run;
  InputRangeOptions options;
};

RunFiles files_of(const Arguments& arguments) {
  RunFiles files{.models = {arguments.model},
                 .data = arguments.data.paths,
                 .others = {arguments.hardware},
                 .outputs = {arguments.results.model}};
  for (const auto& file : {arguments.results.ranges, arguments.results.report}) {
    if (!file.empty()) files.outputs.push_back(file);
  }
  return files;
}

void run(const Arguments& arguments, bool has_alpha) {
  const auto type = input_range_calibration_type(arguments.type);
  const auto compatibility =
      arguments.compatibility.empty() ? AnalogCompatibility::kNone : AnalogCompatibility::kAihwkit;
  Progress progress(arguments.run.progress);
  InputRangeOptions options = arguments.options;
  if (has_alpha) options.std_alpha = arguments.std_alpha;
  options.samples = arguments.data.limit();
  options.run = run_control(arguments.run, progress);
  validate(type, options, compatibility);
  prepare_outputs(files_of(arguments), options.run);
  AnalogModel model = convert_to_analog(Model::load(arguments.model),
                                        AnalogHardware::load(arguments.hardware), compatibility);
  calibrate_input_ranges(model, type, arguments.data.source(), options);
  progress.finish();
  model.save(arguments.results);
  print(model.table());
}

}  // namespace

void add_analog_calibrate(CLI::App& analog) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *analog.add_subcommand(
      "calibrate", "Float ONNX model and samples in, model of the calibrated analog hardware out");
  command.add_option("MODEL", arguments->model, "Float ONNX model")->required();
  command.add_option("-o,--output", arguments->results.model, "Where the analog model goes")
      ->required();
  command
      .add_option("--type", arguments->type,
                  "max, moving-std, moving-quantile, cache-quantile, quantile, mse or none")
      ->required();
  command.add_option("--rpu-config", arguments->hardware, "The analog hardware (JSON)")->required();
  command.add_option("--ranges", arguments->results.ranges,
                     "Also write the input ranges here (JSON, or .npz for AIHWKIT-Lightning)");
  add_report_option(command, arguments->results.report);
  command.add_option("--quantile", arguments->options.quantile, "Of the quantile types, (0, 1]");
  command.add_option("--max-samples", arguments->options.max_samples,
                     "Rows that cache-quantile keeps of each layer");
  auto* alpha = command.add_option("--std-alpha", arguments->std_alpha,
                                   "Deviations that moving-std takes for the range");
  command.add_option("--seed", arguments->options.seed, "Of cache-quantile's choice of rows");
  command.add_option("--compat", arguments->compatibility, "aihwkit: what AIHWKIT-Lightning finds")
      ->check(CLI::IsMember({"aihwkit"}));
  add_data_options(command, arguments->data);
  add_run_options(command, arguments->run);
  command.callback([arguments, alpha] { run(*arguments, alpha->count() > 0); });
}

}  // namespace rangefinder::cli
