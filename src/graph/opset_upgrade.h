#pragma once

#include <onnx/onnx_pb.h>

#include <functional>
#include <optional>
#include <string>

namespace rangefinder::graph {

/// The first operator set whose QuantizeLinear and DequantizeLinear have an axis.
inline constexpr int64_t kAxisOpset = 13;

/// Rank of a tensor of the main graph, if it is known.
using RankLookup = std::function<std::optional<int64_t>(const std::string& tensor)>;

/// Rewrites a model of operator set 7 to 12 so that it means the same in set 13, bodies of If and
/// Loop included; a model of set 13 or later stays as it is. ONNX's own converter does the same,
/// but fails on Softmax where shapes are dynamic; here Softmax over several axes becomes
/// Flatten, Softmax, Reshape, which needs no shape.
///
/// Most version steps between 7 and 13 only widen types. What changes meaning is rewritten:
/// attributes that became inputs (Clip, Pad, Slice, TopK, Squeeze, Unsqueeze, ReduceSum, Split),
/// Upsample and the first Resize, Dropout, BatchNormalization's `spatial`, Scatter, Softmax.
///
/// Returns why the model cannot be rewritten (naming the node); it is then unchanged.
std::optional<std::string> upgrade_opset(onnx::ModelProto& model, const RankLookup& rank);

}  // namespace rangefinder::graph
