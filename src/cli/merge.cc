#include <cstdio>
#include <memory>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/signals.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"
#include "rangefinder/run_files.h"
#include "rangefinder/statistics.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path output;
  bool quiet = false;
};

void run(const Arguments& arguments) {
  RunControl control{.cancelled = &interrupted()};
  if (!arguments.quiet) control.notice = tell;
  prepare_outputs({.others = arguments.inputs, .outputs = {arguments.output}}, control);
  const Statistics all = Statistics::load_all(arguments.inputs, control);
  all.save(arguments.output);
  if (arguments.quiet) return;
  std::fprintf(stderr, "merged %zu files, %llu samples\n", arguments.inputs.size(),
               static_cast<unsigned long long>(all.sample_count()));
}

}  // namespace

void add_merge(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand(
      "merge", "Add up the statistics of several machines (shards) or of more data");
  command.add_option("FILE", arguments->inputs, "Statistics files (.rfs)")
      ->type_name(kStatisticsFile)
      ->required();
  add_result_option(command, "-o,--output", arguments->output, "Where the sum goes",
                    kStatisticsFile)
      ->required()
      ->group("Results");
  add_quiet_option(command, arguments->quiet);
  add_examples(command, {"rangefinder merge part0.rfs part1.rfs -o all.rfs",
                         "rangefinder merge parts/*.rfs -o all.rfs"});
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
