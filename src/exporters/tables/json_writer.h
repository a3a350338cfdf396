#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "exporters/tables/tensor_table.h"

namespace rangefinder::exporters {

/// A table as a file: indented JSON with a line end. Names were checked before (require_utf8).
std::string json_file(const nlohmann::ordered_json& json);

/// The offset of AIMET and QNN: that of codes counted from 0 on, negated; min = offset * scale.
int64_t unsigned_offset(const TableTensor& tensor, size_t channel);

}  // namespace rangefinder::exporters
