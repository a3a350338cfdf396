#include "rangefinder/inspect.h"

#include <memory>
#include <stdexcept>
#include <string>

#include "cli/options.h"
#include "cli/subcommands.h"
#include "cli/terminal_width.h"
#include "rangefinder/method.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path file;
  PlanArguments plan;
  std::string histogram;
  bool csv = false;
  bool json = false;
};

std::string statistics_text(const Arguments& arguments) {
  if (arguments.histogram.empty()) {
    const StatisticsInspection found = inspect_statistics(arguments.file);
    return arguments.csv ? found.csv() : arguments.json ? found.json() : found.table();
  }
  const HistogramInspection found = inspect_histograms(arguments.file, arguments.histogram);
  if (arguments.csv) return found.csv();
  return arguments.json ? found.json() : found.chart(terminal_width());
}

std::string model_text(const Arguments& arguments) {
  if (arguments.csv || !arguments.histogram.empty()) {
    throw std::invalid_argument("--histogram and --csv are for statistics (.rfs)");
  }
  validate({}, arguments.plan.options.target);
  const ModelInspection found = inspect(Model::load(arguments.file), arguments.plan.options);
  return arguments.json ? found.json() : found.table();
}

void run(const Arguments& arguments) {
  const bool is_statistics = arguments.file.extension() == ".rfs";
  print(is_statistics ? statistics_text(arguments) : model_text(arguments));
}

}  // namespace

void add_inspect(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("inspect", "What a statistics file or a model holds");
  command.add_option("FILE", arguments->file, "Statistics (.rfs) or a model (.onnx)")->required();
  add_plan_options(command, arguments->plan);
  command.add_option("--histogram", arguments->histogram,
                     "Of statistics: draw the distribution of the tensors of this name (* and ? "
                     "allowed)");
  auto* csv = command.add_flag("--csv", arguments->csv,
                               "Of statistics: print CSV, a line for each tensor, or with "
                               "--histogram for each bucket");
  command.add_flag("--json", arguments->json, "Print JSON")->excludes(csv);
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
