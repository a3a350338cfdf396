#include "rangefinder/quantize.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path model;
  ResultFiles results;
  DataArguments data;
  RunArguments run;
  Checkpoint checkpoint;
  PlanArguments plan;
  MethodArguments method;
  std::string effort = name_of(Effort::kNormal);
  ChoiceArguments choice;
  std::optional<double> require_sqnr;
};

void run(const Arguments& arguments, const std::vector<std::string>& command, const Rank& rank) {
  Progress progress(arguments.run.shown_progress());
  QuantizeOptions options{.plan = arguments.plan.options,
                          .method = arguments.method.parse(arguments.plan.options.target),
                          .effort = parse_effort(arguments.effort),
                          .choice = arguments.choice.options()};
  options.split.samples = arguments.data.limit();
  options.split.most_held_out = arguments.data.most_held_out;
  options.run = run_control(arguments.run, progress, rank);
  options.ranks = rank.ranks;
  options.checkpoint = arguments.checkpoint;
  options.results = arguments.results;
  options.require_sqnr = arguments.require_sqnr;
  options.command = command;
  const QuantizedModel quantized =
      quantize(Model::load(arguments.model), arguments.data.source(options.run), options);
  progress.finish();
  if (rank.is_first() && !arguments.run.quiet) print(quantized.summary().table());
}

}  // namespace

void add_quantize(CLI::App& app, const std::vector<std::string>& command_line, const Rank& rank) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand(
      "quantize", "Calibrate and quantize: float ONNX model and samples in, int8 model out");
  command.add_option("MODEL", arguments->model, "Float ONNX model")
      ->type_name(kModelFile)
      ->required();
  add_model_results(command, arguments->results);
  add_result_option(command, "--statistics", arguments->results.statistics,
                    "Also keep the statistics here, for 'solve'", kStatisticsFile)
      ->group("Results");
  command
      .add_option("--require-sqnr", arguments->require_sqnr,
                  "Fail, and write nothing, if an output has less than so many dB of signal "
                  "over noise on held-out samples")
      ->type_name("DB")
      ->group("Results");
  add_data_options(command, arguments->data);
  add_held_out_option(command, arguments->data);
  add_run_options(command, arguments->run);
  add_checkpoint_options(command, arguments->checkpoint);
  add_device_option(command, arguments->run);
  add_keep_option(command, arguments->run);
  add_nonfinite_option(command, arguments->run);
  add_method_rules(command, arguments->method);
  add_plan_options(command, arguments->plan);
  add_effort_option(command, arguments->effort);
  add_choice_options(command, arguments->choice);
  add_quiet_option(command, arguments->run.quiet);
  add_method_section(command);
  add_target_section(command);
  add_examples(command,
               {"rangefinder quantize model.onnx --data samples/ -o model.int8.onnx",
                "rangefinder quantize model.onnx --data pictures/ --scale 1/255 --resize 256 "
                "--crop 224 -o model.int8.onnx"});
  command.callback([arguments, command_line, rank] { run(*arguments, command_line, rank); });
}

}  // namespace rangefinder::cli
