#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/onnx_messages.h"

namespace rangefinder::engine {

/// In a model optimized by ONNX Runtime, writes the gates of mobile networks with operators of our
/// own that compute the same bits in less time. Returns how many operators were written.
///
/// - Mul(x, HardSigmoid(x)) becomes HardSwish where nobody else reads the HardSigmoid: one sweep
/// over
///   memory instead of two.
/// - Squeeze-and-excite, Mul(x, gate) where the gate is made of the mean of x over all positions,
///   becomes ScaleChannels where x is converted from blocks of `block` channels for this product
///   and its result back into blocks: no conversion.
/// - GlobalAveragePool of a tensor that is converted from blocks for it becomes ChannelMeans.
///
/// Not where ONNX Runtime is seen to round otherwise than we do. `block` 0: there are no blocks.
/// The model must import kOperatorDomain.
size_t write_gates(onnx::ModelProto& model, int64_t block);

}  // namespace rangefinder::engine
