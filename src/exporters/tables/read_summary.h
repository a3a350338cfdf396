#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <string_view>

#include "exporters/tables/tensor_table.h"

namespace rangefinder::exporters {

/// The table of a summary (docs/formats/summary.md). Layers and weights are those of the float
/// model, if there is one, which must hold the summary's tensors: weights are symmetric int8 by
/// their largest magnitude.
///
/// Throws Error: no JSON, no summary, numbers that cannot be those of codes, a tensor that comes
/// twice, and, naming them, tensors that the float model does not have.
TensorTable read_summary_table(std::string_view text, const std::string& source,
                               const onnx::ModelProto* float_model = nullptr);

}  // namespace rangefinder::exporters
