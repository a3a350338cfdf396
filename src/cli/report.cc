#include "rangefinder/report.h"

#include <memory>
#include <string>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/signals.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"

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
  auto& command =
      *app.add_subcommand("report", "Make a page to look at (HTML) of what another command wrote");
  command
      .add_option("FILE", arguments->file,
                  "A summary, statistics, input ranges of analog layers, or what 'compare --json' "
                  "printed")
      ->type_name(std::string(kJsonFile) + "|" + kStatisticsFile)
      ->required();
  add_result_option(command, "-o,--output", arguments->output, "Where the page goes", "FILE.html")
      ->required();
  command
      .add_option("--statistics", arguments->options.statistics,
                  "The statistics of the summary: adds distributions")
      ->type_name(kStatisticsFile);
  auto* against = command
                      .add_option("--against", arguments->options.against,
                                  "An earlier run of the same kind: tells what changed")
                      ->type_name(std::string(kJsonFile) + "|" + kStatisticsFile);
  command
      .add_option("--against-statistics", arguments->options.against_statistics,
                  "The statistics of that run")
      ->type_name(kStatisticsFile)
      ->needs(against);
  add_examples(command, {"rangefinder report summary.json --statistics all.rfs -o report.html",
                         "rangefinder report new.json --against old.json -o report.html"});
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
