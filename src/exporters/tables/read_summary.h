#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <string_view>

#include "exporters/tables/tensor_table.h"

namespace rangefinder::exporters {

/// The table of a summary (docs/formats/summary.md). Layers and weights are those of the float
/// model, if there is one; weights are symmetric int8 by their largest magnitude. Tensors that the
/// float model does not have are left out, see keep_known().
///
/// Throws Error: no JSON, no summary, numbers that cannot be those of codes, a tensor that comes
/// twice, a float model that has none of the tensors.
TensorTable read_summary_table(std::string_view text, const std::string& source,
                               const onnx::ModelProto* float_model = nullptr);

}  // namespace rangefinder::exporters
