#include <string>

#include "bindings.h"
#include "rangefinder/error.h"

// rangefinder::Error is a class of Python with the place as attributes. std::invalid_argument is
// ValueError by nanobind's own rule, and what Python threw stays what it was.

namespace rangefinder::python {
namespace {

constexpr char kDoc[] =
    "Trouble with a file, a model or a sample. `file`, `node` and `tensor` say where; each may be "
    "empty. Wrong arguments are ValueError or TypeError instead.";

/// Lives as long as the interpreter.
PyObject* error_type = nullptr;

void raise(const Error& error) {
  const nb::object exception = nb::handle(error_type)(error.what());
  const auto& [file, node, tensor] = error.place();
  exception.attr("file") = file;
  exception.attr("node") = node;
  exception.attr("tensor") = tensor;
  PyErr_SetObject(error_type, exception.ptr());
}

void translate(const std::exception_ptr& thrown, void* /*unused*/) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    raise(error);
  }
}

}  // namespace

void bind_errors(nb::module_& module) {
  nb::dict defaults;
  for (const char* place : {"file", "node", "tensor"}) defaults[place] = "";
  error_type =
      PyErr_NewExceptionWithDoc("rangefinder.Error", kDoc, PyExc_RuntimeError, defaults.ptr());
  if (error_type == nullptr) nb::raise_python_error();
  module.attr("Error") = nb::handle(error_type);
  nb::register_exception_translator(&translate);
}

}  // namespace rangefinder::python
