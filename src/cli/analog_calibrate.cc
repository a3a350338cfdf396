#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>

#include "analog/calibrate.h"
#include "analog/convert.h"
#include "analog/export_model.h"
#include "analog/ranges_file.h"
#include "analog/sampler.h"
#include "base/file.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
#include "graph/model_file.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path model;
  std::filesystem::path output;
  std::filesystem::path rpu_config;
  std::filesystem::path ranges;
  std::string type;
  std::string compatibility;
  double std_alpha = 0.0;
  analog::InputRangeOptions options;
  DataArguments data;
  RunArguments run;
};

void print(const analog::AnalogModel& model) {
  for (const analog::AnalogLayer& layer : model.layers) {
    fmt::print("{:<40} {:<8} {:>3} slices", layer.name, layer.op_type, layer.slices().size());
    for (const float range : layer.input_range) fmt::print("  {:g}", range);
    fmt::print("\n");
  }
  for (const analog::DigitalNode& node : model.digital) {
    fmt::print("{:<40} {:<8} digital: {}\n", node.name, node.op_type, node.reason);
  }
}

void run(Arguments& arguments, bool has_alpha) {
  const auto type = analog::parse_input_range_type(arguments.type);
  if (has_alpha) arguments.options.std_alpha = arguments.std_alpha;
  if (!arguments.compatibility.empty()) {
    arguments.options.compatibility = analog::Compatibility::kAihwkit;
  }
  analog::validate(type, arguments.options);
  const data::DataOptions data = arguments.data.parse();
  const std::atomic<bool>& cancelled = interrupted();
  require_writable(arguments.output);
  if (!arguments.ranges.empty()) require_writable(arguments.ranges);
  Progress progress(arguments.run.progress);
  auto model = analog::convert_to_analog(graph::load_model(arguments.model),
                                         analog::load_network_config(arguments.rpu_config),
                                         arguments.options.compatibility);
  const auto samples = data::open_samples(data.paths, data.picture);
  const size_t total = std::min(samples->size(), data.samples.value_or(samples->size()));
  analog::calibrate_input_ranges(
      model, type, engine::feed_from(*samples, data.samples), arguments.options,
      {.jobs = arguments.run.jobs,
       .progress = [&](uint64_t done) { progress.update("calibrate", done, total); },
       .cancelled = &cancelled});
  progress.finish();
  PendingFiles results;
  results.add(arguments.output, graph::serialize(analog::export_model(model)));
  if (!arguments.ranges.empty()) {
    results.add(arguments.ranges, analog::ranges_bytes(arguments.ranges, model));
  }
  results.commit();
  print(model);
}

}  // namespace

void add_analog_calibrate(CLI::App& analog) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *analog.add_subcommand(
      "calibrate", "Float ONNX model and samples in, model of the calibrated analog hardware out");
  command.add_option("MODEL", arguments->model, "Float ONNX model")->required();
  command.add_option("-o,--output", arguments->output, "Where the analog model goes")->required();
  command
      .add_option("--type", arguments->type,
                  "max, moving-std, moving-quantile, cache-quantile, quantile, mse or none")
      ->required();
  command.add_option("--rpu-config", arguments->rpu_config, "The analog hardware (JSON)")
      ->required();
  command.add_option("--ranges", arguments->ranges,
                     "Also write the input ranges here (JSON, or .npz for AIHWKIT-Lightning)");
  command.add_option("--quantile", arguments->options.quantile, "Of the quantile types, (0, 1]");
  command.add_option("--max-samples", arguments->options.max_samples,
                     "Rows that cache-quantile keeps of each layer");
  auto* alpha = command.add_option("--std-alpha", arguments->std_alpha,
                                   "Deviations that moving-std takes for the range");
  command.add_option("--seed", arguments->options.seed, "Of cache-quantile's choice of rows");
  command.add_option("--compat", arguments->compatibility, "aihwkit: what AIHWKIT-Lightning finds")
      ->check(CLI::IsMember({"aihwkit"}));
  add_data_options(command, arguments->data);
  add_run_options(command, arguments->run);
  command.callback([arguments, alpha] { run(*arguments, alpha->count() > 0); });
}

}  // namespace rangefinder::cli
