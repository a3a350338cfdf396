#pragma once

namespace rangefinder::engine {

// Whether our kernels for gates (simd/gates.h) give the same bits as this ONNX Runtime on this
// machine: its compiler may have written an addition and a product as one operation, and what adds
// up a vector differs between processors. ONNX Runtime is asked once, with a small model.

/// simd::hard_swish and Mul(x, HardSigmoid(x)).
bool hard_swish_rounds_alike();
/// simd::mean_lanes and GlobalAveragePool.
bool means_round_alike();

}  // namespace rangefinder::engine
