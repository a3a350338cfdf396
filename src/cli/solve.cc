#include <memory>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/signals.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path model;
  std::filesystem::path statistics;
  ResultFiles results;
  RunArguments run;
  PlanArguments plan;
  MethodArguments method;
  std::string effort = name_of(Effort::kNormal);
  std::filesystem::path decisions;
};

void run(const Arguments& arguments) {
  SolveOptions options{.plan = arguments.plan.options,
                       .method = arguments.method.parse(arguments.plan.options.target),
                       .effort = parse_effort(arguments.effort),
                       .decisions = arguments.decisions,
                       .results = arguments.results};
  if (!arguments.run.quiet) options.run.notice = tell;
  options.run.cancelled = &interrupted();
  options.run.keep = arguments.run.keep;
  const QuantizedModel solved =
      solve(Model::load(arguments.model), Statistics::load(arguments.statistics), options);
  if (!arguments.run.quiet) print(solved.summary().table());
}

}  // namespace

void add_solve(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand(
      "solve",
      "Quantize from statistics that 'observe' wrote: another method in a second, without data");
  command.add_option("MODEL", arguments->model, "The float ONNX model that was observed")
      ->type_name(kModelFile)
      ->required();
  command.add_option("--statistics", arguments->statistics, "What 'observe' or 'merge' wrote")
      ->type_name(kStatisticsFile)
      ->required()
      ->group("Calibration");
  add_model_results(command, arguments->results);
  add_keep_option(command, arguments->run);
  add_method_rules(command, arguments->method);
  add_plan_options(command, arguments->plan);
  add_effort_option(command, arguments->effort);
  command
      .add_option("--decisions", arguments->decisions,
                  "What 'quantize' left float or gave 16 bits, to be so here, too")
      ->type_name(kJsonFile)
      ->group("What stays float");
  add_quiet_option(command, arguments->run.quiet);
  add_method_section(command);
  add_target_section(command);
  add_examples(command,
               {"rangefinder solve model.onnx --statistics all.rfs -o model.int8.onnx",
                "rangefinder solve model.onnx --statistics all.rfs --method kl -o kl.int8.onnx"});
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
