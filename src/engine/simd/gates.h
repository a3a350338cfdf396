#pragma once

#include <cstddef>
#include <span>

namespace rangefinder::engine::simd {

// Products with gates, and what gates are made of, on the best instruction set of the machine. Each
// operation is rounded to float32 by itself and in the order that ONNX Runtime keeps on x86-64.

/// y[i] = x[i] * max(0, min(1, alpha * x[i] + beta)): Mul(x, HardSigmoid(x)) in one sweep over
/// memory. `y` has room for x.size() values and may be `x`. NaN gives NaN, of any payload.
void hard_swish(std::span<const float> x, float alpha, float beta, float* y);

/// Of positions that hold a value for each of `gates`, multiplies each by its gate:
/// y[p * g + i] = x[p * g + i] * gates[i], g = gates.size(). `y` has room for x.size() values,
/// a multiple of g, and overlaps neither.
void scale_lanes(std::span<const float> x, std::span<const float> gates, float* y);

/// Of positions that hold a value for each lane, the mean of each lane: means[i] is the mean over p
/// of x[p * means.size() + i]. Positions are added up in four sums, number p in sum p % 4 as far as
/// there are four, then (0 + 2) + (1 + 3), then the last ones.
void mean_lanes(std::span<const float> x, std::span<float> means);

/// The same as plain loops, which the tests hold every instruction set against.
void hard_swish_reference(std::span<const float> x, float alpha, float beta, float* y);
void scale_lanes_reference(std::span<const float> x, std::span<const float> gates, float* y);
void mean_lanes_reference(std::span<const float> x, std::span<float> means);

}  // namespace rangefinder::engine::simd
