#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"
#include "rangefinder/statistics.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path output;
  bool complete = false;
  RunArguments run;
};

void run(const Arguments& arguments) {
  Progress progress(arguments.run.shown_progress());
  MergeOptions options{.output = arguments.output, .complete = arguments.complete};
  options.run = run_control(arguments.run, progress);
  const MergedStatistics all = merge_files(arguments.inputs, options);
  progress.finish();
  if (arguments.run.quiet) return;
  for (const std::string& gap : all.gaps) tell(gap);
  std::fprintf(stderr, "merged %zu files, %llu samples\n", all.file_count,
               static_cast<unsigned long long>(all.statistics.sample_count()));
}

}  // namespace

void add_merge(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand(
      "merge", "Add up the statistics of several machines (shards) or of more data");
  command.add_option("FILE", arguments->inputs, "Statistics files (.rfs), or folders of them")
      ->type_name(kStatisticsFile)
      ->required();
  add_result_option(command, "-o,--output", arguments->output, "Where the sum goes",
                    kStatisticsFile)
      ->required()
      ->group("Results");
  command.add_flag("--complete", arguments->complete,
                   "Fail, and write nothing, if a shard is missing");
  add_progress_option(command, arguments->run.progress);
  add_quiet_option(command, arguments->run.quiet);
  add_examples(command, {"rangefinder merge part0.rfs part1.rfs -o all.rfs",
                         "rangefinder merge parts/ --complete -o all.rfs"});
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
