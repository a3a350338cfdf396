#include "rangefinder/analog.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "call.h"
#include "options.h"

namespace rangefinder::python {
namespace {

using Released = nb::call_guard<nb::gil_scoped_release>;

AnalogCompatibility compatibility_of(const std::optional<std::string>& word) {
  if (!word) return AnalogCompatibility::kNone;
  if (*word != "aihwkit") throw std::invalid_argument("compat: '" + *word + "'; allowed: aihwkit");
  return AnalogCompatibility::kAihwkit;
}

AnalogModel convert(const Model& model, const AnalogHardware& hardware,
                    const std::optional<std::string>& compat) {
  const AnalogCompatibility compatibility = compatibility_of(compat);
  const nb::gil_scoped_release release;
  return convert_to_analog(model, hardware, compatibility);
}

nb::list layers_of(const AnalogModel& model) {
  nb::list rows;
  for (const AnalogLayerInfo& layer : model.layers()) {
    nb::dict row;
    row["name"] = layer.name;
    row["module"] = layer.module;
    row["op_type"] = layer.op_type;
    row["slices"] = layer.slices;
    row["input_range"] = layer.input_range;
    rows.append(row);
  }
  return rows;
}

nb::list digital_nodes_of(const AnalogModel& model) {
  nb::list rows;
  for (const auto& [name, op_type, reason] : model.digital_nodes())
    rows.append(nb::make_tuple(name, op_type, reason));
  return rows;
}

void save(const AnalogModel& analog, const std::filesystem::path& model,
          const std::filesystem::path& ranges) {
  analog.save({.model = model, .ranges = ranges});
}

/// The number of samples.
uint64_t calibrate(AnalogModel& model, const std::string& type, const GivenSamples& data,
                   nb::object progress, nb::dict words) {
  InputRangeOptions options;
  OptionReader given(std::move(words));
  given.read("quantile", options.quantile);
  given.read("max_samples", options.max_samples);
  given.read("std_alpha", options.std_alpha);
  given.read("seed", options.seed);
  given.read("samples", options.samples);
  read(given, options.run);
  read(given, options.checkpoint);
  read(given, options.run.device);
  given.finish();
  const InputRangeCalibrationType parsed = input_range_calibration_type(type);
  Call call(std::move(progress));
  const SampleSource source = call.source(data, options.samples);
  call.watch(options.run);
  uint64_t count = 0;
  call.run([&] { count = calibrate_input_ranges(model, parsed, source, options); });
  return count;
}

/// (JSON, table).
nb::tuple compare_models(const Model& float_model, const Model& analog, const GivenSamples& data,
                         nb::object progress, nb::dict words) {
  CompareAnalogOptions options;
  std::vector<std::string> types;
  OptionReader given(std::move(words));
  given.read("types", types);
  given.read("quantile", options.quantile);
  given.read("seed", options.seed);
  given.read("noise_draws", options.noise_draws);
  given.read("samples", options.samples);
  read(given, options.run);
  given.finish();
  for (const std::string& type : types) options.types.push_back(input_range_calibration_type(type));
  Call call(std::move(progress));
  const SampleSource source = call.source(data, options.samples);
  call.watch(options.run);
  std::optional<AnalogComparison> result;
  call.run([&] { result = compare_analog(float_model, analog, source, options); });
  return nb::make_tuple(result->json(), result->table());
}

void bind_hardware(nb::module_& module) {
  nb::class_<AnalogHardware>(module, "AnalogHardware")
      .def(nb::init<>())
      .def_static(
          "parse", [](const std::string& json) { return AnalogHardware::parse(json); },
          nb::arg("json"))
      .def_static("load", &AnalogHardware::load, nb::arg("file"))
      .def("json", &AnalogHardware::json)
      .def(
          "set",
          [](AnalogHardware& hardware, const std::string& field, double value) {
            hardware.set(field, value);
          },
          nb::arg("field"), nb::arg("value"));
}

}  // namespace

void bind_analog(nb::module_& module) {
  bind_hardware(module);
  nb::class_<AnalogModel>(module, "AnalogModel")
      .def("layers", &layers_of)
      .def("digital_nodes", &digital_nodes_of)
      .def("table", &AnalogModel::table)
      .def("ranges_json", &AnalogModel::ranges_json)
      .def("save", &save, nb::arg("model"), nb::arg("ranges"), Released())
      .def("load_ranges", &AnalogModel::load_ranges, nb::arg("file"))
      .def("calibrate", &calibrate, nb::arg("type"), nb::arg("data"), nb::arg("progress").none(),
           nb::arg("options"))
      .def(
          "export",
          [](const AnalogModel& model, std::optional<uint64_t> noise_seed) {
            return export_analog(model, noise_seed);
          },
          nb::arg("noise_seed").none(), Released());
  module.def("convert_to_analog", &convert, nb::arg("model"), nb::arg("hardware"),
             nb::arg("compat").none());
  module.def("compare_analog", &compare_models, nb::arg("float_model"), nb::arg("analog"),
             nb::arg("data"), nb::arg("progress").none(), nb::arg("options"));
}

}  // namespace rangefinder::python
