#include "workflow/compare.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/options.h"
#include "cli/subcommands.h"
#include "report/json_text.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path float_model;
  std::filesystem::path quantized_model;
  DataArguments data;
  RunArguments run;
  bool latency = false;
  bool json = false;
};

void run(const Arguments& arguments) {
  Progress progress(arguments.run.progress);
  workflow::CompareRequest request{.float_model = arguments.float_model,
                                   .quantized_model = arguments.quantized_model};
  request.data = arguments.data.parse();
  request.run = run_options(arguments.run, progress);
  request.measure_latency = arguments.latency;
  const auto comparison = workflow::compare(request);
  progress.finish();
  const std::string text = arguments.json ? report::json_text(workflow::to_json(comparison))
                                          : workflow::to_table(comparison);
  std::fputs(text.c_str(), stdout);
}

}  // namespace

void add_compare(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("compare", "Error of a quantized model against its original");
  command.add_option("FLOAT", arguments->float_model, "The float ONNX model")->required();
  command.add_option("QUANTIZED", arguments->quantized_model, "The quantized ONNX model")
      ->required();
  command.add_flag("--latency", arguments->latency,
                   "Also time both models on the first sample, on one thread");
  command.add_flag("--json", arguments->json, "Print JSON");
  add_data_options(command, arguments->data);
  add_run_options(command, arguments->run);
  add_nonfinite_option(command, arguments->run);
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
