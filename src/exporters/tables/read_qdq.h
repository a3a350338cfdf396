#pragma once

#include <onnx/onnx_pb.h>

#include <string>

#include "exporters/tables/tensor_table.h"

namespace rangefinder::exporters {

/// The table of a model with QuantizeLinear and DequantizeLinear, ours or of others.
///
/// A pair has two names for one tensor, before and behind it. The one of the float model counts: it
/// is looked for in `float_model`, if there is one; else it is an input's or output's of the graph,
/// or the one that the codes are called after, or that of what is quantized. Weights go by the name
/// of the float initializer, or of their codes without "_quantized".
/// Tensors that the float model does not have are left out, see keep_known().
///
/// Throws Error: no activation in codes, operators on codes without such pairs (QLinearConv), codes
/// that are no integers, blocks of codes with a scale each, a scale that is computed or no positive
/// number, a tensor that is quantized in two ways.
TensorTable read_qdq_table(onnx::ModelProto model, const std::string& source,
                           const onnx::ModelProto* float_model = nullptr);

}  // namespace rangefinder::exporters
