#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <string>

#include "graph/graph.h"
#include "passes/quantize_weights.h"
#include "statistics/channel_sums.h"

namespace rangefinder::refine {

/// What became of the biases of one node.
struct BiasCorrection {
  std::string node = {};
  size_t channel_count = 0;
  /// Output channels whose bias was changed.
  size_t corrected_count = 0;
  /// How much of the estimated shift was corrected, 0 to 1.
  double share = 0;
  /// Why none could be; else empty.
  std::string obstacle = {};
};

/// Adds to the bias of each output channel what its rounded weights lose on the mean input,
/// (W - Wq) E[x], so that the mean of its output is that of the float model again; a Conv or Gemm
/// without bias gets one, a MatMul has it added to the constant behind it. Of the estimated shift
/// that share is corrected which makes the node's error least on other samples, as far as parts of
/// the samples agree on it; none where they do not (docs/numerics/bias_correction.md).
///
/// Source: Nagel et al. 2019, arXiv:1906.04721, section 4.2, with measured instead of modelled
/// means. E[x] is one mean for each input channel: borders are neglected.
/// Left as they are: channels whose bias would leave the 30 bits that quantize_weight() keeps to,
/// and nodes of which fewer than two parts of the samples were seen.
/// `inputs` are of the tensor that the node reads, along its channels. Throws Error naming both if
/// their number does not fit the weights, std::invalid_argument for a MatMul without such a
/// constant. Cost: one pass over the weights, and inputs times outputs times parts.
BiasCorrection correct_bias(const graph::Graph& graph, const onnx::NodeProto& node,
                            float input_scale, const statistics::ChannelSums& inputs,
                            passes::QuantizedWeight& weight);

}  // namespace rangefinder::refine
