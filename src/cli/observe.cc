#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path model;
  std::filesystem::path output;
  PlanArguments plan;
  std::vector<std::string> rows;
  int64_t row_axis = -1;
  DataArguments data;
  RunArguments run;
};

void run(const Arguments& arguments) {
  Progress progress(arguments.run.progress);
  ObserveOptions options{.plan = arguments.plan.options};
  options.split.samples = arguments.data.limit();
  options.split.most_held_out = arguments.data.most_held_out;
  options.shard = arguments.data.parsed_shard();
  options.rows = arguments.rows;
  options.row_axis = arguments.row_axis;
  options.output = arguments.output;
  options.run = run_control(arguments.run, progress);
  const Statistics statistics =
      observe(Model::load(arguments.model), arguments.data.source(), options);
  progress.finish();
  std::fprintf(stderr, "observed %llu samples\n",
               static_cast<unsigned long long>(statistics.sample_count()));
}

}  // namespace

void add_observe(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("observe", "Count what flows through a model; solve later");
  command.add_option("MODEL", arguments->model, "Float ONNX model")->required();
  command.add_option("-o,--output", arguments->output, "Where the statistics go (.rfs)")
      ->required();
  add_plan_options(command, arguments->plan);
  auto* rows = command.add_option(
      "--rows", arguments->rows,
      "Also keep the rows of tensors of this name (* and ? allowed), for isotone; "
      "those with two dimensions are kept anyway");
  command.add_option("--axis", arguments->row_axis, "The axis those rows lie along; default: -1")
      ->needs(rows);
  command.add_option("--shard", arguments->data.shard,
                     "K/N: only every N-th sample, from the K-th (0 first)");
  add_data_options(command, arguments->data);
  add_held_out_option(command, arguments->data);
  add_run_options(command, arguments->run);
  add_device_option(command, arguments->run);
  add_keep_option(command, arguments->run);
  add_nonfinite_option(command, arguments->run);
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
