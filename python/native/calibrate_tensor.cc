#include "rangefinder/calibrate_tensor.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "bindings.h"
#include "call.h"
#include "options.h"

namespace rangefinder::python {
namespace {

TensorQuantizationConfig linear_config(OptionReader& given) {
  bool symmetric = false;
  bool power_of_2 = false;
  int bits = 8;
  given.read("symmetric", symmetric);
  given.read("power_of_2", power_of_2);
  given.read("bits", bits);
  auto config = TensorQuantizationConfig::linear(
      symmetric ? Symmetry::kSymmetric : Symmetry::kAsymmetric, bits);
  if (power_of_2) config.properties.scale_rule = ScaleRule::kPowerOf2;
  given.read("quant_min", config.quant_min);
  given.read("quant_max", config.quant_max);
  given.read("channel_axis", config.channel_axis);
  if (config.channel_axis) config.properties.granularity = Granularity::kPerChannel;
  return config;
}

TensorQuantizationConfig config_of(OptionReader& given) {
  std::string float8;
  given.read("fp8", float8);
  TensorQuantizationConfig config = linear_config(given);
  if (float8 == "e4m3") config = TensorQuantizationConfig::floating(FloatFormat::kE4M3);
  if (float8 == "e5m2") config = TensorQuantizationConfig::floating(FloatFormat::kE5M2);
  if (!float8.empty() && !config.is_floating()) {
    throw std::invalid_argument("fp8: '" + float8 + "'; allowed: e4m3, e5m2");
  }
  given.read_word("rounding",
                  [&](std::string_view word) { config.rounding = rounding_from_name(word); });
  config.check();
  return config;
}

/// JSON, as the subcommand `tensors` prints it.
std::string calibrate(const GivenSamples& batches, nb::dict words) {
  CalibrateTensorOptions options;
  OptionReader given(std::move(words));
  const TensorQuantizationConfig config = config_of(given);
  read(given, options.method);
  read(given, options.run);
  given.read("measure", options.measure);
  given.read_word("compat", [&](std::string_view word) {
    if (word != "ppq")
      throw std::invalid_argument("compat: '" + std::string(word) + "'; allowed: ppq");
    options.like_ppq = true;
  });
  given.finish();
  Call call{nb::none()};
  const SampleSource source = call.source(batches);
  call.watch(options.run);
  std::optional<TensorCalibration> result;
  call.run([&] { result = calibrate_tensor(source, config, options); });
  return result->json();
}

}  // namespace

void bind_calibrate_tensor(nb::module_& module) {
  module.def("calibrate_tensor", &calibrate, nb::arg("batches"), nb::arg("options"));
}

}  // namespace rangefinder::python
