#include "rangefinder/inspect.h"

#include <memory>

#include "cli/options.h"
#include "cli/subcommands.h"
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

void run(const Arguments& arguments) {
  if (arguments.file.extension() == ".rfs") {
    print(inspect_statistics(arguments.file), arguments.json);
  } else {
    validate({}, arguments.plan.options.target);
    print(inspect(Model::load(arguments.file), arguments.plan.options), arguments.json);
  }
}

}  // namespace

void add_inspect(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("inspect", "What a statistics file or a model holds");
  command.add_option("FILE", arguments->file, "Statistics (.rfs) or a model (.onnx)")->required();
  add_plan_options(command, arguments->plan);
  command.add_flag("--json", arguments->json, "Print JSON");
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
