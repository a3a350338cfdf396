#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quantization/tensor_quantization_config.h"
#include "tensor/tensor.h"

namespace rangefinder::quantization {

/// What the integer model will see, in floating point.
///
///   code     = clamp(round(x / scale) + offset, quant_min, quant_max)      (1)
///   restored = (code - offset) * scale                                     (2)
///
/// x / scale is a true float32 division (a multiplication by 1/scale differs on half-step values);
/// the offset is added after rounding, as ONNX and the reference do. NaN stays NaN, infinities
/// become the ends of the range. A floating config casts x / scale to its format instead of (1).
/// Docs: docs/numerics/rounding.md.

/// Quantizes and restores `values` with the scale and offset of channel `channel`. `restored` has
/// the same length and may be the same memory. Throws std::invalid_argument otherwise, and if the
/// config has no such channel.
void fake_quantize(std::span<const float> values, const TensorQuantizationConfig& config,
                   size_t channel, std::span<float> restored);

/// The whole tensor, per tensor or along the config's channel axis. The state does not matter;
/// callers that honour it test is_active() first. Throws std::invalid_argument if the tensor is
/// not float32, or the config's channels do not fit its shape.
tensor::Tensor fake_quantize(const tensor::TensorView& tensor,
                             const TensorQuantizationConfig& config);

/// The codes (1) of a linear config, row-major as the tensor. NaN becomes the code of 0.
std::vector<int64_t> quantize(const tensor::TensorView& tensor,
                              const TensorQuantizationConfig& config);

}  // namespace rangefinder::quantization
