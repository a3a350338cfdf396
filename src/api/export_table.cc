#include "rangefinder/export_table.h"

#include <utility>

#include "api/model_state.h"
#include "workflow/export_table.h"

namespace rangefinder {
namespace {

workflow::ExportTableRequest request_of(const ExportTableOptions& options) {
  workflow::ExportTableRequest request{
      .format = options.format,
      .options = {.trt_version = options.trt_version, .trt_algorithm = options.trt_algorithm},
      .output = options.output,
      .run = options.run};
  if (options.float_model) request.float_model = options.float_model->state().source;
  return request;
}

}  // namespace

std::vector<TableFormatInfo> table_formats() {
  std::vector<TableFormatInfo> formats;
  for (const auto& format : exporters::table_formats()) {
    formats.push_back({std::string(format.name), std::string(format.summary)});
  }
  return formats;
}

ExportedTable export_table(const Model& quantized, const ExportTableOptions& options) {
  auto request = request_of(options);
  request.source = quantized.state().source;
  return workflow::export_table(request);
}

ExportedTable export_table(const std::filesystem::path& file, const ExportTableOptions& options) {
  auto request = request_of(options);
  request.source = file;
  return workflow::export_table(request);
}

}  // namespace rangefinder
