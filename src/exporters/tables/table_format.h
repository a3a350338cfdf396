#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "exporters/tables/tensor_table.h"

namespace rangefinder::exporters {

/// What single formats want to be told beside the table.
struct TableOptions {
  /// For tensorrt-cache: the release that is to read it, "8.6.1" or as its caches write it, "8601".
  std::string trt_version = {};
  /// For tensorrt-cache: a calibrator, of calibration_algorithms(); empty: EntropyCalibration2.
  std::string trt_algorithm = {};
};

/// What a format needs beside activations, and cannot be written without.
enum class TableNeed { kNothing, kLayers };

/// A format that others read: one row of table_formats().
struct TableFormat {
  std::string_view name;
  std::string_view summary;
  TableNeed need = TableNeed::kNothing;
  /// Whether weights are part of it.
  bool has_parameters = false;
  /// The file's bytes. Throws Error naming what the format cannot hold, std::invalid_argument for
  /// options that are wrong or missing.
  std::string (*write)(const TensorTable& table, const TableOptions& options);
};

/// All formats, by name.
std::span<const TableFormat> table_formats();

/// Throws std::invalid_argument listing the known names.
const TableFormat& find_table_format(std::string_view name);

/// The bytes of a table in that format. Throws Error naming the table's source and what cannot be
/// held; std::invalid_argument for options that the format does not have.
std::string write_table(const TableFormat& format, const TensorTable& table,
                        const TableOptions& options = {});

}  // namespace rangefinder::exporters
