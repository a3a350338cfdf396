#include "rangefinder/inspect.h"

#include <memory>
#include <stdexcept>
#include <string>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/subcommands.h"
#include "cli/text_layout.h"
#include "cli/value_kind.h"
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
  return arguments.json ? found.json() : found.chart(style_of_output().columns);
}

std::string model_text(const Arguments& arguments) {
  if (arguments.csv || !arguments.histogram.empty()) {
    throw std::invalid_argument("--histogram and --csv are for statistics (.rfs)");
  }
  validate({}, arguments.plan.options.target);
  const ModelInspection found = inspect(Model::load(arguments.file), arguments.plan.options);
  return arguments.json ? found.json() : found.table();
}

void run(const Arguments& arguments, const CLI::App& command) {
  const bool is_statistics = arguments.file.extension() == ".rfs";
  for (const char* name : {"--target", "--exclude"}) {
    if (!is_statistics || command.count(name) == 0) continue;
    throw std::invalid_argument(std::string(name) +
                                " is for models: what a statistics file holds is shown as it is");
  }
  print(is_statistics ? statistics_text(arguments) : model_text(arguments));
}

}  // namespace

void add_inspect(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand(
      "inspect", "Show what would be quantized in a model, or what a statistics file holds");
  command.add_option("FILE", arguments->file, "Statistics (.rfs) or a model (.onnx)")
      ->type_name(std::string(kModelFile) + "|" + kStatisticsFile)
      ->required();
  add_plan_options(command, arguments->plan);
  command
      .add_option("--histogram", arguments->histogram,
                  "Of statistics: draw the distribution of the tensors of this name (* and ? "
                  "allowed)")
      ->type_name("NAME");
  auto* csv = command.add_flag("--csv", arguments->csv,
                               "Of statistics: print CSV, a line for each tensor, or with "
                               "--histogram for each bucket");
  command.add_flag("--json", arguments->json, "Print JSON")->excludes(csv);
  add_target_section(command);
  add_examples(command, {"rangefinder inspect model.onnx",
                         "rangefinder inspect all.rfs --histogram logits"});
  command.callback([arguments, &command] { run(*arguments, command); });
}

}  // namespace rangefinder::cli
