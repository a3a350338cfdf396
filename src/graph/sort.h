#pragma once

#include <onnx/onnx_pb.h>

namespace rangefinder::graph {

/// Brings nodes into an order in which each comes after those it reads from: always the first one
/// of all that can be next, in the present order, which stays as it is where it serves. Throws
/// Error if the graph has a cycle.
/// Cost: n log n in nodes and reads.
void sort_nodes(onnx::GraphProto& graph);

}  // namespace rangefinder::graph
