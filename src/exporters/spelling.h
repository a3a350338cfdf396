#pragma once

#include "graph/graph.h"

namespace rangefinder::exporters {

/// Writes every HardSigmoid of the main graph as Clip(x + beta/alpha, 0, 1/alpha) * alpha, the same
/// values up to rounding: OpenVINO fuses that, times x a HardSwish, into the convolution before it,
/// and computes HardSigmoid by a plain loop. One whose alpha is not positive stays.
void spell_gates(graph::Graph& graph);

/// Before a Conv with a window of one position that skips others writes a MaxPool that skips them,
/// shared by all that skip the same; where the Conv reads a DequantizeLinear. OpenVINO moves such
/// strides upwards itself, up to between the parts of a DequantizeLinear, which it then no longer
/// takes for one: the convolution computes in float.
void spell_strides(graph::Graph& graph);

}  // namespace rangefinder::exporters
