#include "rangefinder/tensor_counter.h"

#include <optional>
#include <string>

#include "bindings.h"
#include "dlpack.h"

namespace rangefinder::python {
namespace {

void count(TensorCounter& counter, const std::string& name, nb::handle values,
           std::optional<int64_t> channel_axis) {
  const ForeignTensor batch(values);
  const nb::gil_scoped_release release;
  counter.count(name, batch.view(), channel_axis, batch.place());
}

}  // namespace

void bind_tensor_counter(nb::module_& module) {
  nb::class_<CountingDevice>(module, "CountingDevice")
      .def_ro("none_because", &CountingDevice::none_because);
  module.def(
      "open_for_counting",
      [](const std::string& device) { return open_for_counting(parse_device(device)); },
      nb::arg("device"), nb::call_guard<nb::gil_scoped_release>());
  nb::class_<TensorCounter>(module, "TensorCounter")
      .def(nb::init<>())
      .def("count", &count, nb::arg("name"), nb::arg("values").none(),
           nb::arg("channel_axis") = nb::none())
      .def("statistics", &TensorCounter::statistics, nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace rangefinder::python
