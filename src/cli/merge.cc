#include <cstdio>
#include <memory>

#include "cli/progress.h"
#include "cli/subcommands.h"
#include "statistics/statistics_file.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path output;
};

void run(const Arguments& arguments) {
  interrupted();  // Ctrl-C ends the program between two files, not within one
  statistics::StatisticsFile all = statistics::read_statistics(arguments.inputs.front());
  for (size_t i = 1; i < arguments.inputs.size(); ++i) {
    all.merge(statistics::read_statistics(arguments.inputs[i]), arguments.inputs[i].string());
  }
  statistics::write_statistics(arguments.output, all);
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
