#include "rangefinder/report.h"

#include <memory>

#include "cli/options.h"
#include "cli/signals.h"
#include "cli/subcommands.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path file;
  std::filesystem::path output;
  ReportOptions options;
};

void run(const Arguments& arguments) {
  ReportOptions options = arguments.options;
  options.run.notice = tell;
  options.run.cancelled = &interrupted();
  write_report(arguments.file, arguments.output, options);
}

}  // namespace

void add_report(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("report", "A page to look at (HTML) of what a run left");
  command
      .add_option("FILE", arguments->file,
                  "A summary (JSON), statistics (.rfs), input ranges of analog layers (JSON), or "
                  "what 'compare --json' printed")
      ->required();
  command.add_option("-o,--output", arguments->output, "Where the page goes (.html)")->required();
  command.add_option("--statistics", arguments->options.statistics,
                     "The statistics of the summary (.rfs): adds distributions");
  auto* against = command.add_option("--against", arguments->options.against,
                                     "An earlier run of the same kind: tells what changed");
  command
      .add_option("--against-statistics", arguments->options.against_statistics,
                  "The statistics of that run (.rfs)")
      ->needs(against);
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
