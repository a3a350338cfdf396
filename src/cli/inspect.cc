#include "workflow/inspect.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/options.h"
#include "cli/subcommands.h"
#include "report/json_text.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path file;
  PlanArguments plan;
  bool json = false;
};

template <typename Inspection>
void print(const Inspection& inspection, bool json) {
  const std::string text =
      json ? report::json_text(report::to_json(inspection)) : report::to_table(inspection);
  std::fputs(text.c_str(), stdout);
}

void run(const Arguments& arguments) {
  const workflow::PlanOptions options = arguments.plan.parse();
  if (arguments.file.extension() == ".rfs") {
    print(workflow::inspect_statistics(arguments.file), arguments.json);
  } else {
    print(workflow::inspect_model(arguments.file, options), arguments.json);
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
