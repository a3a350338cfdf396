#pragma once

#include <functional>

#include "engine/session.h"
#include "graph/graph.h"

namespace rangefinder::engine {

/// Opens a small model, to see what ONNX Runtime does on this machine: it makes the output "y" of
/// the input "x", both float32, by the nodes that `add_nodes` writes, which may be of ONNX
/// (operator set 13) or of kBlockedDomain. Nothing is optimized. Throws Error if ONNX Runtime has
/// no such nodes.
Session open_probe(const std::function<void(graph::Graph& graph)>& add_nodes);

}  // namespace rangefinder::engine
