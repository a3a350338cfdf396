#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "call.h"
#include "options.h"
#include "rangefinder/quantization_plan.h"
#include "rangefinder/runtime_calibration_pass.h"

// Configs with states and the pass that calibrates them: the library's names, which are PPQ's.

namespace rangefinder::python {
namespace {

using Config = TensorQuantizationConfig;
using Released = nb::call_guard<nb::gil_scoped_release>;

QuantizationPlan make_plan(const Model& model, nb::dict words) {
  PlanOptions options;
  OptionReader given(std::move(words));
  read(given, options);
  given.finish();
  const nb::gil_scoped_release release;
  return QuantizationPlan(model, options);
}

void move_to(Config& config, const std::string& word) {
  for (int i = 0; i <= static_cast<int>(State::kFp32); ++i) {
    if (name_of(static_cast<State>(i)) == word) return config.move_to(static_cast<State>(i));
  }
  throw std::invalid_argument("no such state: '" + word + "'");
}

std::string root_of(const QuantizationPlan& plan, const std::string& tensor) {
  const auto configs = plan.configs();
  const auto index = static_cast<size_t>(&plan.config(tensor) - configs.data());
  return plan.tensors()[plan.dominance().root(index)];
}

nb::list rows_of(const std::vector<CalibratedTensor>& calibrated) {
  nb::list rows;
  for (const auto& [name, method, figures] : calibrated)
    rows.append(nb::make_tuple(name, method, figures));
  return rows;
}

struct Pass {
  RuntimeCalibrationPass pass;
  RunControl control;
};

Pass pass_of(nb::dict words) {
  Method method{.name = {}};
  bool override_active = false;
  RunControl control;
  OptionReader given(std::move(words));
  read(given, method);
  read(given, control);
  given.read("override", override_active);
  given.finish();
  return {RuntimeCalibrationPass(method, override_active), control};
}

nb::list calibrate(QuantizationPlan& plan, const GivenSamples& data,
                   std::optional<uint64_t> samples, nb::object progress, nb::dict words) {
  auto [pass, control] = pass_of(std::move(words));
  Call call(std::move(progress));
  const SampleSource source = call.source(data, samples);
  call.watch(control);
  std::vector<CalibratedTensor> calibrated;
  call.run([&] { calibrated = pass.run(plan, source, control); });
  return rows_of(calibrated);
}

nb::list calibrate_from(QuantizationPlan& plan, const Statistics& statistics, nb::dict words) {
  auto [pass, control] = pass_of(std::move(words));
  Call call{nb::none()};
  call.watch(control);
  std::vector<CalibratedTensor> calibrated;
  call.run([&] { calibrated = pass.run(plan, statistics, control); });
  return rows_of(calibrated);
}

void bind_config(nb::module_& module) {
  nb::class_<Config>(module, "TensorQuantizationConfig")
      .def_ro("bits", &Config::bits)
      .def_ro("quant_min", &Config::quant_min)
      .def_ro("quant_max", &Config::quant_max)
      .def_ro("channel_axis", &Config::channel_axis)
      .def_ro("scale", &Config::scale)
      .def_ro("offset", &Config::offset)
      .def_rw("observer", &Config::observer)
      .def_rw("detail", &Config::detail)
      .def_prop_ro("symmetric", &Config::is_symmetric)
      .def_prop_ro("state",
                   [](const Config& config) { return std::string(name_of(config.state())); })
      .def("move_to", &move_to, nb::arg("state"))
      .def("activate", &Config::activate, nb::arg("scale"), nb::arg("offset"));
}

}  // namespace

void bind_plan(nb::module_& module) {
  bind_config(module);
  nb::class_<QuantizationPlan>(module, "QuantizationPlan")
      .def_prop_ro("tensors",
                   [](const QuantizationPlan& plan) {
                     return std::vector<std::string>(plan.tensors().begin(), plan.tensors().end());
                   })
      .def(
          "config",
          [](QuantizationPlan& plan, const std::string& tensor) -> Config& {
            return plan.config(tensor);
          },
          nb::arg("tensor"), nb::rv_policy::reference_internal)
      .def("root", &root_of, nb::arg("tensor"))
      .def("calibrate", &calibrate, nb::arg("data"), nb::arg("samples").none(),
           nb::arg("progress").none(), nb::arg("options"))
      .def("calibrate_from", &calibrate_from, nb::arg("statistics"), nb::arg("options"))
      .def(
          "export", [](const QuantizationPlan& plan) { return export_model(plan); }, Released());
  module.def("make_plan", &make_plan, nb::arg("model"), nb::arg("options"));
}

}  // namespace rangefinder::python
