#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/model.h"
#include "rangefinder/run_control.h"

namespace rangefinder {

/// A file format in which other runtimes read ranges (docs/formats/tables.md).
struct TableFormatInfo {
  std::string name = {};
  /// What it is, in a line.
  std::string summary = {};
};

/// All that export_table() writes, by name.
RANGEFINDER_API std::vector<TableFormatInfo> table_formats();

struct ExportTableOptions {
  /// One of table_formats().
  std::string format = {};
  /// The float model: tensors and weights are called as there. A summary has no layers and weights,
  /// so formats that want those need it.
  std::optional<Model> float_model = {};
  /// For "tensorrt-cache": the release that is to read it, as "8.6.1" or "8601". Must be told.
  std::string trt_version = {};
  /// For "tensorrt-cache": the calibrator; empty: "EntropyCalibration2".
  std::string trt_algorithm = {};
  /// Where the table goes; empty: nowhere.
  std::filesystem::path output = {};
  RunControl run = {};
};

/// A table as it is written.
struct ExportedTable {
  std::string bytes = {};
  /// Activations that the table's source has, and weights.
  size_t tensor_count = 0;
  size_t weight_count = 0;
  /// Activations that the float model does not have, and the table neither: preparing made them.
  std::vector<std::string> left_out = {};
};

/// Scales and zero points of a quantized model, one with QuantizeLinear and DequantizeLinear, ours
/// or of others, in a format of another runtime.
///
///     auto int8 = rangefinder::Model::load("model.int8.onnx");
///     rangefinder::export_table(int8, {.format = "tensorrt-cache", .trt_version = "8.6.1",
///                                      .output = "calibration.cache"});
///
/// Formats of symmetric int8 get the largest magnitude that a tensor's codes can show. Throws
/// Error: a model without such pairs, a tensor whose name, bits or channels the format cannot hold,
/// a file that cannot be written; nothing is written then. std::invalid_argument: an unknown
/// format, options that are missing or of another format.
RANGEFINDER_API ExportedTable export_table(const Model& quantized,
                                           const ExportTableOptions& options);

/// The same of a file: a quantized model, or a summary that quantize() or solve() wrote (JSON).
RANGEFINDER_API ExportedTable export_table(const std::filesystem::path& file,
                                           const ExportTableOptions& options);

}  // namespace rangefinder
