#include <memory>
#include <optional>
#include <stdexcept>

#include "cli/options.h"
#include "cli/subcommands.h"
#include "rangefinder/calibrate_tensor.h"
#include "rangefinder/observer.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> batches;
  MethodArguments method;
  bool measure = false;
  bool symmetric = false;
  bool asymmetric = false;
  std::optional<int> bits;
  std::optional<int64_t> quant_min;
  std::optional<int64_t> quant_max;
  std::optional<int64_t> channel_axis;
  bool power_of_2 = false;
  std::string fp8;
  std::string rounding = "half-even";
  std::string nonfinite = "error";
  std::string compat;
};

// The grid of the integers, or the FP8 format, that the options speak of together.
TensorQuantizationConfig base_config(const Arguments& arguments) {
  if (arguments.fp8.empty()) {
    const auto symmetry = arguments.symmetric ? Symmetry::kSymmetric : Symmetry::kAsymmetric;
    auto config = TensorQuantizationConfig::linear(symmetry, arguments.bits.value_or(8));
    config.quant_min = arguments.quant_min.value_or(config.quant_min);
    config.quant_max = arguments.quant_max.value_or(config.quant_max);
    return config;
  }
  if (arguments.bits.value_or(8) != 8 || arguments.quant_min || arguments.quant_max) {
    throw std::invalid_argument("--fp8 has 8 bits and bounds of its own");
  }
  return TensorQuantizationConfig::floating(arguments.fp8 == "e4m3" ? FloatFormat::kE4M3
                                                                    : FloatFormat::kE5M2);
}

TensorQuantizationConfig config_of(const Arguments& arguments) {
  TensorQuantizationConfig config = base_config(arguments);
  if (arguments.power_of_2) config.properties.scale_rule = ScaleRule::kPowerOf2;
  if (arguments.channel_axis) {
    config.properties.granularity = Granularity::kPerChannel;
    config.channel_axis = arguments.channel_axis;
  }
  config.rounding = rounding_from_name(arguments.rounding);
  return config;
}

void run(const Arguments& arguments) {
  for (const std::filesystem::path& plugin : arguments.method.plugins) load_plugin(plugin);
  CalibrateTensorOptions options{.method = arguments.method.method,
                                 .like_ppq = arguments.compat == "ppq",
                                 .measure = arguments.measure};
  if (arguments.nonfinite == "ignore") options.run.nonfinite = Nonfinite::kIgnore;
  const TensorCalibration result =
      calibrate_tensor(SampleSource::from_files(arguments.batches), config_of(arguments), options);
  print(result.json() + "\n");
}

void add_grid_options(CLI::App& command, Arguments& arguments) {
  auto* symmetric = command.add_flag("--symmetric", arguments.symmetric, "Zero point fixed");
  auto* asymmetric =
      command.add_flag("--asymmetric", arguments.asymmetric, "Zero point searched too (default)");
  symmetric->excludes(asymmetric);
  command.add_option("--bits", arguments.bits, "2 to 32; default: 8");
  command.add_option("--quant-min", arguments.quant_min, "Smallest code; default: of the bits");
  command.add_option("--quant-max", arguments.quant_max, "Largest code; default: of the bits");
  command.add_option("--channel-axis", arguments.channel_axis, "One scale per index of this axis");
  command.add_flag("--power-of-2", arguments.power_of_2, "Scales are powers of two");
  command.add_option("--fp8", arguments.fp8, "8-bit floating codes instead of integers")
      ->check(CLI::IsMember({"e4m3", "e5m2"}))
      ->excludes(asymmetric);
  command.add_option("--rounding", arguments.rounding, "For --measure; default: half-even");
}

void add_calibration_options(CLI::App& command, Arguments& arguments) {
  command.add_option("--method", arguments.method.method.name, "Calibration method; default: mse");
  add_method_options(command, arguments.method);
  command.add_option("--compat", arguments.compat, "ppq: reproduce PPQ's observers, bugs included")
      ->check(CLI::IsMember({"ppq"}));
  command
      .add_option("--nonfinite", arguments.nonfinite, "NaN, infinity: error (default) or ignore")
      ->check(CLI::IsMember({"error", "ignore"}));
  command.add_flag("--measure", arguments.measure,
                   "Read the batches once more and report the error of quantizing them");
}

}  // namespace

void add_tensors(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand("tensors", "Calibrates dumped batches of a tensor");
  command.add_option("BATCH", arguments->batches, "Batches (.npy)")->required();
  add_grid_options(command, *arguments);
  add_calibration_options(command, *arguments);
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
