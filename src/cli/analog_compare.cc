#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "analog/compare.h"
#include "analog/noise_study.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/subcommands.h"
#include "graph/model_file.h"
#include "report/json_text.h"

namespace rangefinder::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::filesystem::path float_model;
  std::filesystem::path analog_model;
  std::vector<std::string> types = {"max",      "moving-std", "moving-quantile", "cache-quantile",
                                    "quantile", "mse"};
  int noise_draws = 0;
  uint64_t seed = 0;
  double quantile = 0.99995;
  bool json = false;
  DataArguments data;
  RunArguments run;
};

/// JSON has no infinity: no error at all is null.
Json decibels(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json outputs_json(const std::vector<analog::OutputComparison>& outputs) {
  Json rows = Json::array();
  for (const auto& row : outputs) {
    rows.push_back({{"name", row.name},
                    {"sqnr_db", decibels(row.sqnr_db)},
                    {"cosine", row.cosine},
                    {"max_abs_error", row.max_abs_error}});
  }
  return rows;
}

Json as_json(const analog::AnalogComparison& comparison) {
  Json layers = Json::array();
  for (const auto& layer : comparison.layers) {
    layers.push_back({{"name", layer.name},
                      {"sqnr_db", decibels(layer.sqnr_db)},
                      {"input_range", layer.input_range},
                      {"clipped_share", layer.clipped_share}});
  }
  Json types = Json::object();
  for (const auto& type : comparison.types) {
    types[analog::to_string(type.type)] = {{"outputs", outputs_json(type.outputs)}};
  }
  return {{"outputs", outputs_json(comparison.outputs)},
          {"layers", layers},
          {"types", types},
          {"samples", comparison.sample_count}};
}

void print(const analog::AnalogComparison& comparison) {
  fmt::print("{:<40} {:>9}  {}\n", "layer", "SQNR dB", "clipped inputs per slice");
  for (const auto& layer : comparison.layers) {
    fmt::print("{:<40} {:>9.2f}", layer.name, layer.sqnr_db);
    for (const double share : layer.clipped_share) fmt::print("  {:.4f} %", 100.0 * share);
    fmt::print("\n");
  }
  const auto print_outputs = [](const std::string& what, const auto& outputs) {
    for (const auto& row : outputs) {
      fmt::print("{:<40} {:>9.2f}  cosine {:.6f}, largest error {:g}\n", what + row.name,
                 row.sqnr_db, row.cosine, row.max_abs_error);
    }
  };
  print_outputs("output ", comparison.outputs);
  for (const auto& type : comparison.types) {
    print_outputs(fmt::format("by {}: ", analog::to_string(type.type)), type.outputs);
  }
}

std::shared_ptr<const data::SampleSource> open(const data::DataOptions& data) {
  auto samples = data::open_samples(data.paths, data.picture);
  if (!data.samples || *data.samples >= samples->size()) return samples;
  std::vector<size_t> first(*data.samples);
  std::iota(first.begin(), first.end(), size_t{0});
  return data::select_samples(samples, std::move(first));
}

void run(const Arguments& arguments) {
  analog::CompareOptions options;
  for (const std::string& type : arguments.types) {
    const auto parsed = analog::parse_input_range_type(type);
    if (parsed != analog::InputRangeType::kNone) options.types.push_back(parsed);
  }
  options.calibration.quantile = arguments.quantile;
  options.calibration.seed = arguments.seed;
  analog::validate(analog::InputRangeType::kMax, options.calibration);
  const auto samples = open(arguments.data.parse());
  Progress progress(arguments.run.progress);
  options.run = {.jobs = arguments.run.jobs,
                 .progress = [&](uint64_t n) { progress.update("compare", n, samples->size()); },
                 .cancelled = &interrupted()};
  const auto float_model = graph::load_model(arguments.float_model);
  const auto exported = graph::load_model(arguments.analog_model);
  const auto comparison = analog::compare_analog(float_model, exported, *samples, options);
  Json json = as_json(comparison);
  std::string noise;
  if (arguments.noise_draws > 0) {
    const auto study = analog::study_noise(
        analog::restore_analog_model(float_model, exported), *samples,
        {.draws = arguments.noise_draws, .seed = arguments.seed, .run = options.run});
    json["noise"] = {{"relative_error", study.relative_error},
                     {"mean", study.mean},
                     {"spread", study.spread},
                     {"without_noise", study.without_noise}};
    noise = fmt::format("noise: relative error {:.5f} +- {:.5f} over {} draws, {:.5f} without\n",
                        study.mean, study.spread, arguments.noise_draws, study.without_noise);
  }
  progress.finish();
  if (arguments.json) {
    fmt::print("{}", report::json_text(json));
  } else {
    print(comparison);
    fmt::print("{}", noise);
  }
}

}  // namespace

void add_analog_compare(CLI::App& analog) {
  auto arguments = std::make_shared<Arguments>();
  auto& command =
      *analog.add_subcommand("compare", "Error of an analog model against its original");
  command.add_option("FLOAT", arguments->float_model, "The float ONNX model")->required();
  command.add_option("ANALOG", arguments->analog_model, "What 'analog calibrate' made of it")
      ->required();
  command
      .add_option("--types", arguments->types,
                  "Also calibrate by these types on the data and judge them; default all, or none")
      ->delimiter(',');
  command.add_option("--quantile", arguments->quantile, "Of the quantile types, (0, 1]");
  command
      .add_option("--noise-draws", arguments->noise_draws,
                  "Draw the configuration's noise so often and print the error's mean and spread")
      ->check(CLI::PositiveNumber);
  command.add_option("--seed", arguments->seed, "Of the noise, and of cache-quantile's rows");
  command.add_flag("--json", arguments->json, "Print JSON");
  add_data_options(command, arguments->data);
  add_run_options(command, arguments->run);
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
