#include "rangefinder/quantize.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path model;
  ResultFiles results;
  DataArguments data;
  RunArguments run;
  PlanArguments plan;
  MethodArguments method;
  std::string effort = name_of(Effort::kNormal);
  ChoiceArguments choice;
  std::optional<double> require_sqnr;
};

void run(const Arguments& arguments, const std::vector<std::string>& command) {
  Progress progress(arguments.run.progress);
  QuantizeOptions options{.plan = arguments.plan.options,
                          .method = arguments.method.parse(arguments.plan.options.target),
                          .effort = parse_effort(arguments.effort),
                          .choice = arguments.choice.options()};
  options.split.samples = arguments.data.limit();
  options.split.most_held_out = arguments.data.most_held_out;
  options.run = run_control(arguments.run, progress);
  options.results = arguments.results;
  options.require_sqnr = arguments.require_sqnr;
  options.command = command;
  const QuantizedModel quantized =
      quantize(Model::load(arguments.model), arguments.data.source(), options);
  progress.finish();
  print(quantized.summary().table());
}

}  // namespace

void add_quantize(CLI::App& app, const std::vector<std::string>& command_line) {
  auto arguments = std::make_shared<Arguments>();
  auto& command =
      *app.add_subcommand("quantize", "Float ONNX model and samples in, int8 model out");
  command.add_option("MODEL", arguments->model, "Float ONNX model")->required();
  command.add_option("-o,--output", arguments->results.model, "Where the int8 model goes")
      ->required();
  command.add_option("--statistics", arguments->results.statistics,
                     "Also keep the statistics here (.rfs)");
  command.add_option("--summary", arguments->results.summary, "Also write the summary here (JSON)");
  add_report_option(command, arguments->results.report);
  add_data_options(command, arguments->data);
  add_held_out_option(command, arguments->data);
  add_run_options(command, arguments->run);
  add_keep_option(command, arguments->run);
  add_nonfinite_option(command, arguments->run);
  add_method_rules(command, arguments->method);
  add_plan_options(command, arguments->plan);
  add_effort_option(command, arguments->effort);
  add_choice_options(command, arguments->choice);
  command.add_option("--require-sqnr", arguments->require_sqnr,
                     "Fail, and write nothing, if an output has less than so many dB of signal "
                     "over noise on held-out samples");
  command.callback([arguments, command_line] { run(*arguments, command_line); });
}

}  // namespace rangefinder::cli
