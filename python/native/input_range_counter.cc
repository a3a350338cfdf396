#include "rangefinder/input_range_counter.h"

#include <string>
#include <utility>

#include "bindings.h"
#include "dlpack.h"
#include "options.h"

// For networks that stay in PyTorch: rangefinder/analog watches its modules and hands each input
// here.

namespace rangefinder::python {
namespace {

AnalogLayerInput layer_of(OptionReader& given) {
  AnalogLayerInput layer;
  given.read("columns", layer.columns);
  given.read("kernel", layer.kernel);
  given.read("stride", layer.stride);
  given.read("dilation", layer.dilation);
  given.read("padding", layer.padding);
  given.read("max_input_size", layer.max_input_size);
  given.read("inp_res", layer.inp_res);
  return layer;
}

InputRangeCounter make_counter(const std::string& type, bool like_aihwkit, nb::dict words) {
  InputRangeOptions options;
  OptionReader given(std::move(words));
  const AnalogLayerInput layer = layer_of(given);
  given.read("quantile", options.quantile);
  given.read("max_samples", options.max_samples);
  given.read("std_alpha", options.std_alpha);
  given.read("seed", options.seed);
  given.finish();
  return InputRangeCounter(
      input_range_calibration_type(type), layer, options,
      like_aihwkit ? AnalogCompatibility::kAihwkit : AnalogCompatibility::kNone);
}

void observe(InputRangeCounter& counter, nb::handle values) {
  const ForeignTensor input(values);
  const nb::gil_scoped_release release;
  counter.observe(input.view(), input.place());
}

}  // namespace

void bind_input_range_counter(nb::module_& module) {
  nb::class_<InputRangeCounter>(module, "InputRangeCounter")
      .def("observe", &observe, nb::arg("input").none())
      .def_prop_ro("counts_on_device", &InputRangeCounter::counts_on_device)
      .def("slices", &InputRangeCounter::slices)
      .def("ranges", &InputRangeCounter::ranges);
  module.def("make_input_range_counter", &make_counter, nb::arg("type"), nb::arg("like_aihwkit"),
             nb::arg("options"));
}

}  // namespace rangefinder::python
