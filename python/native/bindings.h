#pragma once

#include "casters.h"

/// The extension module rangefinder._native: the public C++ library for Python, one concept a file.
/// It holds no logic; what is convenient in Python is written in Python (python/rangefinder/).
namespace rangefinder::python {

namespace nb = nanobind;

void bind_errors(nb::module_& module);
void bind_model(nb::module_& module);
void bind_samples(nb::module_& module);
void bind_statistics(nb::module_& module);
void bind_quantize(nb::module_& module);
void bind_compare(nb::module_& module);
void bind_input_range_counter(nb::module_& module);
void bind_inspect(nb::module_& module);
void bind_calibrate_tensor(nb::module_& module);
void bind_observers(nb::module_& module);
void bind_plan(nb::module_& module);
void bind_analog(nb::module_& module);
void bind_tensor_counter(nb::module_& module);
void bind_tables(nb::module_& module);
void bind_version(nb::module_& module);

}  // namespace rangefinder::python
