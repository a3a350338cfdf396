#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analog/activations/patch_geometry.h"
#include "analog/hardware/analog_matrix.h"
#include "tensor/tensor.h"

namespace rangefinder::analog {

/// A fully connected analog layer: input [..., inputs] -> [..., outputs]. `bias` is digital, one
/// per output or empty. Throws std::invalid_argument on shapes that do not fit.
tensor::Tensor forward_linear(const AnalogMatrix& matrix, std::span<const float> bias,
                              const tensor::Tensor& input, std::span<const float> ranges);

/// An analog convolution: input [N, C, spatial...] -> [N, outputs, spatial...], through patches.
/// The matrix is outputs x (C * kernel); see block_diagonal() for groups.
tensor::Tensor forward_convolution(const AnalogMatrix& matrix, std::span<const float> bias,
                                   const ConvolutionAttributes& attributes,
                                   const tensor::Tensor& input, std::span<const float> ranges);

/// The matrix outputs x (groups * inputs) of a grouped convolution whose weight is outputs x
/// inputs: each group's block on the diagonal, zeros elsewhere, as it lies on a tile.
std::vector<float> block_diagonal(std::span<const float> weights, int64_t outputs, int64_t groups);

}  // namespace rangefinder::analog
