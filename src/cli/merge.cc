#include <cstdio>
#include <memory>
#include <string>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
#include "rangefinder/statistics.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path output;
  bool complete = false;
  std::string progress = "auto";
};

void run(const Arguments& arguments) {
  Progress progress(arguments.progress);
  MergeOptions options{.output = arguments.output, .complete = arguments.complete};
  options.run = run_control({.progress = arguments.progress}, progress);
  const MergedStatistics all = merge_files(arguments.inputs, options);
  progress.finish();
  for (const std::string& gap : all.gaps) tell(gap);
  std::fprintf(stderr, "merged %zu files, %llu samples\n", all.file_count,
               static_cast<unsigned long long>(all.statistics.sample_count()));
}

}  // namespace

void add_merge(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("merge", "Add up statistics of shards or of more data");
  command.add_option("FILE", arguments->inputs, "Statistics files (.rfs), or folders of them")
      ->required();
  command.add_option("-o,--output", arguments->output, "Where the sum goes (.rfs)")->required();
  command.add_flag("--complete", arguments->complete,
                   "Fail, and write nothing, if a shard is missing");
  command.add_option("--progress", arguments->progress,
                     "auto (default: a bar on a terminal), json (a line per event) or none");
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
