#include "workflow/quantize.h"

#include <cstdio>
#include <memory>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path model;
  std::filesystem::path output;
  std::filesystem::path statistics;
  std::filesystem::path summary;
  DataArguments data;
  RunArguments run;
  PlanArguments plan;
  CalibrationArguments calibration;
};

void run(const Arguments& arguments) {
  Progress progress(arguments.run.progress);
  workflow::QuantizeRequest request{.model = arguments.model, .output = arguments.output};
  request.plan = arguments.plan.parse();
  request.calibration = arguments.calibration.parse(*request.plan.target);
  request.data = arguments.data.parse();
  request.run = run_options(arguments.run, progress);
  if (!arguments.statistics.empty()) request.statistics = arguments.statistics;
  if (!arguments.summary.empty()) request.summary = arguments.summary;
  const report::Summary summary = workflow::quantize(request);
  progress.finish();
  std::fputs(report::to_table(summary).c_str(), stdout);
}

}  // namespace

void add_quantize(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command =
      *app.add_subcommand("quantize", "Float ONNX model and samples in, int8 model out");
  command.add_option("MODEL", arguments->model, "Float ONNX model")->required();
  command.add_option("-o,--output", arguments->output, "Where the int8 model goes")->required();
  command.add_option("--statistics", arguments->statistics, "Also keep the statistics here (.rfs)");
  command.add_option("--summary", arguments->summary, "Also write the summary here (JSON)");
  add_data_options(command, arguments->data);
  add_run_options(command, arguments->run);
  add_nonfinite_option(command, arguments->run);
  add_calibration_options(command, arguments->calibration);
  add_plan_options(command, arguments->plan);
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
