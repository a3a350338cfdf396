#include "bindings.h"

NB_MODULE(_native, module) {
  namespace python = rangefinder::python;
  // What is left at the end of the interpreter is the interpreter's to tell.
  python::nb::set_leak_warnings(false);
  python::bind_errors(module);
  python::bind_model(module);
  python::bind_samples(module);
  python::bind_statistics(module);
  python::bind_quantize(module);
  python::bind_compare(module);
  python::bind_input_range_counter(module);
  python::bind_inspect(module);
  python::bind_calibrate_tensor(module);
  python::bind_observers(module);
  python::bind_plan(module);
  python::bind_analog(module);
  python::bind_tensor_counter(module);
  python::bind_tables(module);
  python::bind_version(module);
}
