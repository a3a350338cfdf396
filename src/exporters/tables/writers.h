#pragma once

#include <string>

#include "exporters/tables/table_format.h"

namespace rangefinder::exporters {

// One writer a format, each in the source file of its name; table_format.cc lists them. Each throws
// Error naming a tensor or layer that the format cannot hold. docs/formats/tables.md tells the
// formats.

std::string write_aimet_0_6_1(const TensorTable& table, const TableOptions& options);
std::string write_aimet_1_0_0(const TensorTable& table, const TableOptions& options);
std::string write_mnn(const TensorTable& table, const TableOptions& options);
std::string write_mnn_compression(const TensorTable& table, const TableOptions& options);
std::string write_ncnn(const TensorTable& table, const TableOptions& options);
std::string write_openvino(const TensorTable& table, const TableOptions& options);
std::string write_ort_cache(const TensorTable& table, const TableOptions& options);
std::string write_ort_flatbuffers(const TensorTable& table, const TableOptions& options);
std::string write_ort_json(const TensorTable& table, const TableOptions& options);
std::string write_ppl(const TensorTable& table, const TableOptions& options);
std::string write_qnn(const TensorTable& table, const TableOptions& options);
std::string write_tengine(const TensorTable& table, const TableOptions& options);
/// Throws std::invalid_argument: no version, or one that has no such caches; an unknown algorithm.
std::string write_tensorrt_cache(const TensorTable& table, const TableOptions& options);

}  // namespace rangefinder::exporters
