#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace rangefinder::support {

/// Deterministic activation streams: the inputs of the golden figures in tests/data/goldens.
///
/// Generator: uint32 s = s * 1664525 + 1013904223 (mod 2^32), the first state after the seed used
/// first. One draw n = (sum of 8 successive (s >> 12) - 4 * 2^20) / 2^20: about normal with mean 0
/// and deviation 0.816. A named transform makes a stream of it; batch b uses seed + b.

/// `count` draws from `seed`.
std::vector<double> draws(uint32_t seed, size_t count);

/// "normal", "relu", "spike4", ...: every transform that stream_batch() knows.
const std::vector<std::string>& stream_names();

/// One batch of a stream, float32, row-major. Channel-wise transforms take axis 1 as channel.
/// Throws std::invalid_argument on an unknown name.
tensor::Tensor stream_batch(std::string_view name, uint32_t seed, const tensor::Shape& shape);

/// `count` batches with seeds seed, seed + 1, ...
std::vector<tensor::Tensor> stream_batches(std::string_view name, uint32_t seed,
                                           const tensor::Shape& shape, size_t count);

}  // namespace rangefinder::support
