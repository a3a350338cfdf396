#include <cstdio>
#include <memory>

#include "cli/options.h"
#include "cli/signals.h"
#include "cli/subcommands.h"
#include "rangefinder/run_files.h"
#include "rangefinder/statistics.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path output;
};

void run(const Arguments& arguments) {
  const RunControl control{.notice = tell, .cancelled = &interrupted()};
  prepare_outputs({.others = arguments.inputs, .outputs = {arguments.output}}, control);
  const Statistics all = Statistics::load_all(arguments.inputs, control);
  all.save(arguments.output);
  std::fprintf(stderr, "merged %zu files, %llu samples\n", arguments.inputs.size(),
               static_cast<unsigned long long>(all.sample_count()));
}

}  // namespace

void add_merge(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("merge", "Add up statistics of shards or of more data");
  command.add_option("FILE", arguments->inputs, "Statistics files (.rfs)")->required();
  command.add_option("-o,--output", arguments->output, "Where the sum goes (.rfs)")->required();
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
