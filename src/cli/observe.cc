#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"

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
  Checkpoint checkpoint;
};

void run(const Arguments& arguments, const Rank& rank) {
  Progress progress(arguments.run.shown_progress());
  ObserveOptions options{.plan = arguments.plan.options};
  options.split.samples = arguments.data.limit();
  options.split.most_held_out = arguments.data.most_held_out;
  options.shard = arguments.data.parsed_shard();
  if (arguments.data.shard == "auto") {
    tell(fmt::format("shard {}/{}", options.shard.index, options.shard.count));
  }
  options.rows = arguments.rows;
  options.row_axis = arguments.row_axis;
  options.output = arguments.output;
  options.run = run_control(arguments.run, progress, rank);
  options.ranks = rank.ranks;
  options.checkpoint = arguments.checkpoint;
  const Statistics statistics =
      observe(Model::load(arguments.model), arguments.data.source(options.run), options);
  progress.finish();
  if (!rank.is_first() || arguments.run.quiet) return;
  std::fprintf(stderr, "observed %llu samples\n",
               static_cast<unsigned long long>(statistics.sample_count()));
}

void add_row_options(CLI::App& command, Arguments& arguments) {
  const OptionGroup group(command, "Calibration");
  auto* rows = command.add_option(
      "--rows", arguments.rows,
      "Also keep the rows of tensors of this name (* and ? allowed), for isotone; "
      "those with two dimensions are kept anyway");
  rows->type_name("NAME");
  command.add_option("--axis", arguments.row_axis, "The axis those rows lie along")
      ->type_name("N")
      ->needs(rows);
}

}  // namespace

void add_observe(CLI::App& app, const Rank& rank) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand(
      "observe", "Calibrate only: count what flows through a model, for 'solve'");
  command.add_option("MODEL", arguments->model, "Float ONNX model")
      ->type_name(kModelFile)
      ->required();
  add_result_option(command, "-o,--output", arguments->output, "Where the statistics go",
                    kStatisticsFile)
      ->required()
      ->group("Results");
  add_plan_options(command, arguments->plan);
  add_row_options(command, *arguments);
  command
      .add_option(
          "--shard", arguments->data.shard,
          "Only every N-th sample, from the K-th (0 first); 'merge' adds the parts up. auto: as "
          "Slurm, Kubernetes or MPI number this process")
      ->type_name("K/N|auto")
      ->group("Samples");
  add_data_options(command, arguments->data);
  add_held_out_option(command, arguments->data);
  add_run_options(command, arguments->run);
  add_checkpoint_options(command, arguments->checkpoint);
  add_device_option(command, arguments->run);
  add_keep_option(command, arguments->run);
  add_nonfinite_option(command, arguments->run);
  add_quiet_option(command, arguments->run.quiet);
  add_target_section(command);
  add_examples(command,
               {"rangefinder observe model.onnx --data samples/ -o all.rfs",
                "rangefinder observe model.onnx --data samples/ --shard 0/4 -o part0.rfs"});
  command.callback([arguments, rank] { run(*arguments, rank); });
}

}  // namespace rangefinder::cli
