#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "engine/model_source.h"
#include "exporters/tables/table_format.h"
#include "rangefinder/export_table.h"
#include "rangefinder/run_control.h"

namespace rangefinder::workflow {

struct ExportTableRequest {
  /// A quantized model, or a file: such a model, or a summary.
  std::variant<engine::ModelSource, std::filesystem::path> source = {};
  std::optional<engine::ModelSource> float_model = {};
  std::string format = {};
  exporters::TableOptions options = {};
  /// Empty: nothing is written.
  std::filesystem::path output = {};
  RunControl run = {};
};

using rangefinder::ExportedTable;

/// Reads, writes the table in memory and then to its file. Throws as export_table() of the public
/// library does.
ExportedTable export_table(const ExportTableRequest& request);

}  // namespace rangefinder::workflow
