#include "rangefinder/compare.h"

#include <optional>
#include <utility>

#include "bindings.h"
#include "call.h"
#include "options.h"

namespace rangefinder::python {
namespace {

/// (JSON, table).
nb::tuple compare_models(const Model& float_model, const Model& quantized, const GivenSamples& data,
                         nb::object progress, nb::dict words) {
  CompareOptions options;
  OptionReader given(std::move(words));
  given.read("samples", options.samples);
  given.read("latency", options.measure_latency);
  given.read("node_times", options.node_times);
  read(given, options.run);
  given.finish();
  Call call(std::move(progress));
  const SampleSource source = call.source(data, options.samples);
  call.watch(options.run);
  std::optional<Comparison> result;
  call.run([&] { result = compare(float_model, quantized, source, options); });
  return nb::make_tuple(result->json(), result->table());
}

}  // namespace

void bind_compare(nb::module_& module) {
  module.def("compare", &compare_models, nb::arg("float_model"), nb::arg("quantized"),
             nb::arg("data"), nb::arg("progress").none(), nb::arg("options"));
}

}  // namespace rangefinder::python
