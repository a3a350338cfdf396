#include "rangefinder/compare.h"

#include <memory>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"
#include "rangefinder/report.h"
#include "rangefinder/run_files.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path float_model;
  std::filesystem::path quantized_model;
  DataArguments data;
  RunArguments run;
  bool latency = false;
  bool json = false;
  std::filesystem::path report;
};

void run(const Arguments& arguments) {
  Progress progress(arguments.run.shown_progress());
  const CompareOptions options{.samples = arguments.data.limit(),
                               .measure_latency = arguments.latency,
                               .node_times = !arguments.report.empty(),
                               .run = run_control(arguments.run, progress)};
  if (!arguments.report.empty()) {
    prepare_outputs({.models = {arguments.float_model, arguments.quantized_model},
                     .data = arguments.data.paths,
                     .outputs = {arguments.report}});
  }
  const Comparison comparison =
      compare(Model::load(arguments.float_model), Model::load(arguments.quantized_model),
              arguments.data.source(options.run), options);
  progress.finish();
  if (!arguments.report.empty()) write_report(comparison, arguments.report);
  print(arguments.json ? comparison.json() : comparison.table());
}

}  // namespace

void add_compare(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand(
      "compare", "Tell how far a quantized model's outputs are from those of its float original");
  command.add_option("FLOAT", arguments->float_model, "The float ONNX model")
      ->type_name(kModelFile)
      ->required();
  command.add_option("QUANTIZED", arguments->quantized_model, "The quantized ONNX model")
      ->type_name(kModelFile)
      ->required();
  command.add_flag("--latency", arguments->latency,
                   "Also time both models on the first sample, on one thread");
  command.add_flag("--json", arguments->json, "Print JSON");
  add_report_option(command, arguments->report);
  add_data_options(command, arguments->data);
  add_run_options(command, arguments->run);
  add_quiet_option(command, arguments->run.quiet, "No progress, no remarks: the result alone");
  add_nonfinite_option(command, arguments->run);
  add_examples(command,
               {"rangefinder compare model.onnx model.int8.onnx --data held_out/",
                "rangefinder compare model.onnx model.int8.onnx --data held_out/ --latency"});
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
