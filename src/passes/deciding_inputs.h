#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace rangefinder::passes {

/// The model's inputs that decide which way an If goes: those that its condition is computed from,
/// in the order in which the model declares them. Empty if only constants do, or if that happens in
/// a body. Cost: linear in the nodes.
std::vector<std::string> deciding_inputs(const onnx::GraphProto& graph,
                                         const onnx::NodeProto& branch);

}  // namespace rangefinder::passes
