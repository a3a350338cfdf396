#include "rangefinder/inspect.h"

#include <string>
#include <utility>

#include "bindings.h"
#include "options.h"

namespace rangefinder::python {
namespace {

/// JSON and table.
using Report = std::pair<std::string, std::string>;

template <typename Inspection>
Report report_of(const Inspection& found) {
  return {found.json(), found.table()};
}

Report inspect_model(const Model& model, nb::dict words) {
  PlanOptions options;
  OptionReader given(std::move(words));
  read(given, options);
  given.finish();
  const nb::gil_scoped_release release;
  return report_of(inspect(model, options));
}

Report inspect_file(const std::filesystem::path& file) {
  const nb::gil_scoped_release release;
  return report_of(inspect_statistics(file));
}

}  // namespace

void bind_inspect(nb::module_& module) {
  module.def("inspect", &inspect_model, nb::arg("model"), nb::arg("options"));
  module.def("inspect_statistics", &inspect_file, nb::arg("file"));
}

}  // namespace rangefinder::python
