#include "workflow/export_table.h"

#include <fstream>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"
#include "engine/packed_model.h"
#include "exporters/tables/read_qdq.h"
#include "exporters/tables/read_summary.h"
#include "workflow/run_files.h"

namespace rangefinder::workflow {
namespace {

/// A summary is JSON, whose first sign no model begins with.
bool is_summary(const std::filesystem::path& file) {
  require_regular_file(file);
  std::ifstream stream(file, std::ios::binary);
  char first = 0;
  return static_cast<bool>(stream >> first) && first == '{';
}

/// What the table is made of, told apart.
struct Source {
  std::filesystem::path summary = {};
  engine::ModelSource model = {};

  explicit Source(const ExportTableRequest& request) {
    if (const auto* given = std::get_if<engine::ModelSource>(&request.source)) {
      model = *given;
      return;
    }
    const auto& file = std::get<std::filesystem::path>(request.source);
    if (is_summary(file)) {
      summary = file;
    } else {
      model = engine::ModelSource(file);
    }
  }

  RunFiles files(const ExportTableRequest& request) const {
    RunFiles files{.outputs = {request.output}};
    if (!summary.empty()) files.others.push_back(summary);
    if (!model.file.empty()) files.models.push_back(model.file);
    if (request.float_model && !request.float_model->file.empty()) {
      files.models.push_back(request.float_model->file);
    }
    return files;
  }
};

exporters::TensorTable read(const Source& source, const ExportTableRequest& request) {
  std::optional<onnx::ModelProto> float_model;
  if (request.float_model) float_model = engine::load_model(*request.float_model).model;
  const auto* names = float_model ? &*float_model : nullptr;
  if (!source.summary.empty()) {
    return exporters::read_summary_table(read_file(source.summary), source.summary.string(), names);
  }
  const std::string name = source.model.name();
  try {
    return exporters::read_qdq_table(engine::load_model(source.model).model, name, names);
  } catch (const Error& error) {
    throw error.within({.file = name});
  }
}

}  // namespace

ExportedTable export_table(const ExportTableRequest& request) {
  const Cancellation heeded(request.run.cancelled);
  const exporters::TableFormat& format = exporters::find_table_format(request.format);
  const Source source(request);
  if (!request.output.empty()) prepare_outputs(source.files(request), request.run);
  const exporters::TensorTable table = read(source, request);
  ExportedTable result{.bytes = exporters::write_table(format, table, request.options),
                       .tensor_count = table.activations.size(),
                       .weight_count = format.has_parameters ? table.parameters.size() : 0,
                       .left_out = table.left_out};
  stop_if_cancelled();
  if (!request.output.empty()) write_file(request.output, result.bytes);
  return result;
}

}  // namespace rangefinder::workflow
