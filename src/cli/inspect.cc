#include "rangefinder/inspect.h"

#include <memory>
#include <stdexcept>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"
#include "rangefinder/method.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path file;
  PlanArguments plan;
  bool json = false;
};

template <typename Inspection>
void print(const Inspection& inspection, bool json) {
  cli::print(json ? inspection.json() : inspection.table());
}

void run(const Arguments& arguments, const CLI::App& command) {
  if (arguments.file.extension() == ".rfs") {
    for (const char* name : {"--target", "--exclude"}) {
      if (command.count(name) == 0) continue;
      throw std::invalid_argument(std::string(name) +
                                  " is for models: what a statistics file holds is shown as it is");
    }
    print(inspect_statistics(arguments.file), arguments.json);
  } else {
    validate({}, arguments.plan.options.target);
    print(inspect(Model::load(arguments.file), arguments.plan.options), arguments.json);
  }
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
  command.add_flag("--json", arguments->json, "Print JSON");
  add_target_section(command);
  add_examples(command, {"rangefinder inspect model.onnx", "rangefinder inspect all.rfs --json"});
  command.callback([arguments, &command] { run(*arguments, command); });
}

}  // namespace rangefinder::cli
