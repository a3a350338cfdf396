#include <cstdio>
#include <memory>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
#include "workflow/quantize.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path model;
  std::filesystem::path statistics;
  std::filesystem::path output;
  std::filesystem::path summary;
  PlanArguments plan;
  CalibrationArguments calibration;
};

void run(const Arguments& arguments) {
  workflow::SolveRequest request{
      .model = arguments.model, .statistics = arguments.statistics, .output = arguments.output};
  request.cancelled = &interrupted();
  request.plan = arguments.plan.parse();
  request.calibration = arguments.calibration.parse(*request.plan.target);
  if (!arguments.summary.empty()) request.summary = arguments.summary;
  const report::Summary summary = workflow::solve_from_file(request);
  std::fputs(report::to_table(summary).c_str(), stdout);
}

}  // namespace

void add_solve(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("solve", "Statistics in, int8 model out; runs no inference");
  command.add_option("MODEL", arguments->model, "The float ONNX model that was observed")
      ->required();
  command.add_option("--statistics", arguments->statistics, "What observe wrote (.rfs)")
      ->required();
  command.add_option("-o,--output", arguments->output, "Where the int8 model goes")->required();
  command.add_option("--summary", arguments->summary, "Also write the summary here (JSON)");
  add_calibration_options(command, arguments->calibration);
  add_plan_options(command, arguments->plan);
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
