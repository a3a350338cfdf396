#include <memory>
#include <optional>
#include <stdexcept>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"
#include "rangefinder/calibrate_tensor.h"

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
  CalibrateTensorOptions options{.method = arguments.method.parse(),
                                 .like_ppq = arguments.compat == "ppq",
                                 .measure = arguments.measure};
  if (arguments.nonfinite == "ignore") options.run.nonfinite = Nonfinite::kIgnore;
  const TensorCalibration result =
      calibrate_tensor(SampleSource::from_files(arguments.batches), config_of(arguments), options);
  print(result.json() + "\n");
}

void add_grid_options(CLI::App& command, Arguments& arguments) {
  const OptionGroup group(command, "Grid");
  auto* symmetric = command.add_flag("--symmetric", arguments.symmetric, "Zero point fixed");
  auto* asymmetric = command.add_flag("--asymmetric", arguments.asymmetric,
                                      "Zero point searched too, the default");
  symmetric->excludes(asymmetric);
  command.add_option("--bits", arguments.bits, "Bits of a code, 2 to 32")
      ->type_name("N")
      ->default_str("8");
  command.add_option("--quant-min", arguments.quant_min, "Smallest code")
      ->type_name("N")
      ->default_str("of the bits");
  command.add_option("--quant-max", arguments.quant_max, "Largest code")
      ->type_name("N")
      ->default_str("of the bits");
  command.add_option("--channel-axis", arguments.channel_axis, "One scale per index of this axis")
      ->type_name("N")
      ->default_str("one scale for all");
  command.add_flag("--power-of-2", arguments.power_of_2, "Scales are powers of two");
  auto* fp8 =
      command.add_option("--fp8", arguments.fp8, "8-bit floating codes instead of integers");
  fp8->excludes(asymmetric);
  require_word(*fp8, {"e4m3", "e5m2"});
}

void add_calibration_options(CLI::App& command, Arguments& arguments) {
  const OptionGroup group(command, "Calibration");
  command
      .add_option("--method", arguments.method.method.name, "How the range is found (see below)")
      ->type_name("METHOD");
  add_method_options(command, arguments.method);
  auto* compat =
      command.add_option("--compat", arguments.compat, "Reproduce PPQ's observers, bugs included");
  require_word(*compat, {"ppq"});
  auto* nonfinite = command.add_option("--nonfinite", arguments.nonfinite,
                                       "NaN or infinity is an error, or is counted and not used");
  require_word(*nonfinite, {"error", "ignore"});
  auto* measure =
      command.add_flag("--measure", arguments.measure,
                       "Read the batches once more and report the error of quantizing them");
  command
      .add_option(
          "--rounding", arguments.rounding,
          "How --measure rounds to codes: half-even, half-up, half-down, half-towards-zero, "
          "half-far-from-zero, to-near-int, up or down")
      ->type_name("ROUNDING")
      ->needs(measure);
}

}  // namespace

void add_tensors(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command =
      *app.add_subcommand("tensors", "Calibrate dumped batches of one tensor, without a model");
  command.add_option("BATCH", arguments->batches, "Batches of the tensor (.npy)")
      ->type_name("FILE.npy")
      ->required();
  add_grid_options(command, *arguments);
  add_calibration_options(command, *arguments);
  add_method_section(command);
  add_examples(command, {"rangefinder tensors batch0.npy batch1.npy --method kl",
                         "rangefinder tensors weights.npy --symmetric --channel-axis 0 --measure"});
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
