#include <memory>

#include "cli/options.h"
#include "cli/signals.h"
#include "cli/subcommands.h"

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
  options.run.notice = tell;
  options.run.cancelled = &interrupted();
  options.run.keep = arguments.run.keep;
  const QuantizedModel solved =
      solve(Model::load(arguments.model), Statistics::load(arguments.statistics), options);
  print(solved.summary().table());
}

}  // namespace

void add_solve(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("solve", "Statistics in, int8 model out; runs no inference");
  command.add_option("MODEL", arguments->model, "The float ONNX model that was observed")
      ->required();
  command.add_option("--statistics", arguments->statistics, "What observe wrote (.rfs)")
      ->required();
  command.add_option("-o,--output", arguments->results.model, "Where the int8 model goes")
      ->required();
  command.add_option("--summary", arguments->results.summary, "Also write the summary here (JSON)");
  add_report_option(command, arguments->results.report);
  add_keep_option(command, arguments->run);
  add_method_rules(command, arguments->method);
  add_plan_options(command, arguments->plan);
  add_effort_option(command, arguments->effort);
  command.add_option("--decisions", arguments->decisions,
                     "What 'quantize' left float (JSON), to be left float here, too");
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
