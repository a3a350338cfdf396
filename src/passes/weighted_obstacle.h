#pragma once

#include <string>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// Why a Conv, ConvTranspose, Gemm or MatMul cannot compute in integers, whatever its constants
/// hold; empty if it can.
std::string weighted_obstacle(const graph::Graph& graph, const TensorInfos& infos,
                              const onnx::NodeProto& node);

}  // namespace rangefinder::passes
