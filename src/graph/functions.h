#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>

namespace rangefinder::graph {

/// Calls of functions by functions that a model may hold inside one another.
inline constexpr int kDeepestCalls = 64;
/// Nodes that a model may have once its functions are written out.
inline constexpr uint64_t kMostNodes = uint64_t{1} << 22;

/// Throws Error naming the function unless the model's local functions can be written out: none
/// calls itself, in however many steps, calls are no deeper and nodes no more than the limits
/// above. A kilobyte of functions that call one another twice is 2^40 nodes otherwise.
void check_functions(const onnx::ModelProto& model);

}  // namespace rangefinder::graph
