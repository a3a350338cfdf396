#include <cstdio>
#include <memory>

#include "base/file.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
#include "workflow/quantize.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path model;
  std::filesystem::path output;
  std::string target = "ort-cpu";
  DataArguments data;
  RunArguments run;
};

void run(const Arguments& arguments) {
  Progress progress(arguments.run.progress);
  workflow::ObserveRequest request{.model = arguments.model, .output = arguments.output};
  request.target = &targets::find_target(arguments.target);
  request.data = arguments.data.parse();
  request.run = run_options(arguments.run, progress);
  require_writable(arguments.output);
  const size_t count = workflow::observe_to_file(request);
  progress.finish();
  std::fprintf(stderr, "observed %zu samples\n", count);
}

}  // namespace

void add_observe(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("observe", "Count what flows through a model; solve later");
  command.add_option("MODEL", arguments->model, "Float ONNX model")->required();
  command.add_option("-o,--output", arguments->output, "Where the statistics go (.rfs)")
      ->required();
  command.add_option("--target", arguments->target, "Runtime to observe for; default: ort-cpu");
  command.add_option("--shard", arguments->data.shard,
                     "K/N: only every N-th sample, from the K-th (0 first)");
  add_data_options(command, arguments->data);
  add_run_options(command, arguments->run);
  add_nonfinite_option(command, arguments->run);
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
