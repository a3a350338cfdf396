#pragma once

#include <string>

#include "exporters/qdq.h"
#include "graph/graph.h"

namespace rangefinder::exporters {

/// Sees to it that the nodes in annotation.kept_float compute in float, on a model that has no
/// QuantizeLinear yet.
///
/// Where ONNX Runtime would make an integer kernel of such a node, a copy of the float tensor (Max
/// or Einsum of one input, which no release so far removes) is put between the node and the
/// codes. No value changes. Cost: one copy of a tensor at run time, and only there; here linear
/// in nodes and reads, times the length of chains of movers.
void guard_float_nodes(graph::Graph& graph, const passes::Annotation& annotation,
                       const SolvedTensors& solved);

/// Sees to it, on a model with its QuantizeLinear and DequantizeLinear, that no DequantizeLinear
/// can sink to where the body of an If, Loop or Scan reads: ONNX Runtime 1.29 looks for that read
/// among the node's own inputs then, and aborts the process. The body reads a copy (Max of one
/// input); nobody else does. Linear in the number of nodes, times the length of chains of movers.
void guard_bodies(graph::Graph& graph);

}  // namespace rangefinder::exporters
