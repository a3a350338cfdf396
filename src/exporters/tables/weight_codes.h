#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "exporters/tables/tensor_table.h"

namespace rangefinder::exporters {

/// The axis of a node's weight along which the channels lie that the node makes. Empty where there
/// is none: another operator, a stack of matrices, a ConvTranspose in groups, whose weight has the
/// channels of one group only.
std::optional<int64_t> output_channel_axis(const onnx::NodeProto& node, size_t rank);

/// A float weight called `name` as symmetric int8 with codes -127 to 127, one scale per output
/// channel or one for all: max|w| / 127; 1 for a channel of zeros. Throws Error naming node and
/// tensor if it holds NaN or infinity.
TableTensor weight_codes(const onnx::NodeProto& node, const std::string& name,
                         const onnx::TensorProto& weight);

}  // namespace rangefinder::exporters
