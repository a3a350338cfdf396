#pragma once

#include <onnx/onnx_pb.h>

#include <string>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// Splits what ONNX Runtime's extended optimization fused back into operators of ONNX, for a model
/// that was saved after it: FusedConv (also with a summand), FusedGemm and FusedMatMul (also
/// TransposeMatMul). The product keeps the node's name, the last operator its output.
///
/// A node with an activation or a rank that is not known stays as it is. Only the main graph is
/// looked at. What is new in the model is added to `infos`.
void split_fused(onnx::ModelProto& model, TensorInfos& infos);

/// Why a node that multiplies by weights, but is none of ONNX's operators, stays float; empty for
/// all other nodes.
std::string fused_obstacle(const onnx::NodeProto& node);

/// Throws Error naming a node in the blocked layout that ONNX Runtime's last level of optimization
/// writes for one machine (domain com.microsoft.nchwc), if there is one.
void refuse_blocked_layout(const onnx::ModelProto& model, const std::string& file);

}  // namespace rangefinder::passes
