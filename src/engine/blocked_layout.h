#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/instrument.h"
#include "engine/onnx_messages.h"

namespace rangefinder::engine {

/// Channels in one block of ONNX Runtime's blocked layout on this machine (8 with AVX2, 16 with
/// AVX-512); 0 if it has none. Asked of ONNX Runtime once, by reordering a small tensor.
int64_t channel_block();

/// In a model optimized by ONNX Runtime, connects Observe nodes that read a converted tensor to
/// the tensor before conversion, and drops conversions that are left without readers.
///
/// Conversions are ReorderOutput (of com.microsoft.nchwc, from blocks of `block` channels) and
/// Transpose; with kChannelBlocks only ReorderOutput to [N, C, H, W], whose block and channels the
/// node then tells. Left alone are nodes that count an axis for which the other layout does not
/// serve, and those that keep rows. Returns how many Observe nodes were connected anew.
size_t observe_before_conversion(onnx::GraphProto& graph, int64_t block,
                                 Layouts layouts = Layouts::kAny);

}  // namespace rangefinder::engine
