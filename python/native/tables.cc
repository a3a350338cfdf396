#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "call.h"
#include "options.h"
#include "rangefinder/export_table.h"
#include "rangefinder/import_cache.h"

// export_table() and import_cache().

namespace rangefinder::python {
namespace {

ExportTableOptions options_of(nb::dict words) {
  ExportTableOptions options;
  OptionReader given(std::move(words));
  given.read("format", options.format);
  given.read("float_model", options.float_model);
  given.read("trt_version", options.trt_version);
  given.read("trt_algorithm", options.trt_algorithm);
  given.read("output", options.output);
  given.finish();
  return options;
}

template <typename Source>
nb::bytes table_of(const Source& source, nb::dict words) {
  const ExportTableOptions options = options_of(std::move(words));
  std::string bytes;
  {
    const nb::gil_scoped_release release;
    bytes = export_table(source, options).bytes;
  }
  return nb::bytes(bytes.data(), bytes.size());
}

std::vector<std::pair<std::string, std::string>> formats() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const TableFormatInfo& format : table_formats()) {
    rows.emplace_back(format.name, format.summary);
  }
  return rows;
}

/// (model, JSON, table).
nb::tuple import_one(const std::filesystem::path& cache, const Model& model,
                     const GivenSamples* data, nb::object progress, nb::dict words) {
  ImportCacheOptions options;
  OptionReader given(std::move(words));
  Call call(std::move(progress));
  read(given, options.method);
  given.read("samples", options.samples);
  given.read("output", options.output);
  read(given, options.run);
  given.finish();
  if (data != nullptr) options.missing_data = call.source(*data, options.samples);
  call.watch(options.run);
  std::optional<ImportedCache> result;
  call.run([&] { result = import_cache(cache, model, options); });
  return nb::make_tuple(result->model, result->report.json(), result->report.table());
}

}  // namespace

void bind_tables(nb::module_& module) {
  module.def("export_table", &table_of<Model>, nb::arg("model"), nb::arg("options"));
  module.def("export_table_file", &table_of<std::filesystem::path>, nb::arg("file"),
             nb::arg("options"));
  module.def("table_formats", &formats);
  module.def("import_cache", &import_one, nb::arg("cache"), nb::arg("model"),
             nb::arg("data").none(), nb::arg("progress").none(), nb::arg("options"));
}

}  // namespace rangefinder::python
