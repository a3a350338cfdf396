#include "rangefinder/version.h"

#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "rangefinder/method.h"

namespace rangefinder::python {
namespace {

using Released = nb::call_guard<nb::gil_scoped_release>;
/// Version and file.
using Runtime = std::pair<std::string, std::filesystem::path>;

Runtime pair_of(const RuntimeInfo& runtime) { return {runtime.version, runtime.file}; }

std::vector<std::pair<std::string, std::string>> targets() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const TargetInfo& target : known_targets()) rows.emplace_back(target.name, target.summary);
  return rows;
}

}  // namespace

void bind_version(nb::module_& module) {
  module.def("version", &version);
  module.def(
      "onnx_runtime", [] { return pair_of(onnx_runtime()); }, Released());
  module.def(
      "use_onnx_runtime",
      [](const std::filesystem::path& place) { return pair_of(use_onnx_runtime(place)); },
      nb::arg("file_or_folder"), Released());
  module.def("methods", &known_methods);
  module.def("targets", &targets);
}

}  // namespace rangefinder::python
