#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace rangefinder::passes {

/// How a weight's elements are shared out to channels, each with a scale of its own, and to dot
/// products, the elements that one output adds up. In the order of the kernels element k of a
/// channel's dot product d is at (channel * dots + d) * dot_size + k.
struct WeightLayout {
  /// The axis of the channels; none: one scale for all.
  std::optional<int64_t> axis = {};
  size_t channels = 1;
  /// Dot products of a channel, and elements of a dot product.
  size_t dots = 1;
  size_t dot_size = 1;
  /// Input channels of a dot product: element k is multiplied by one of number k % inputs.
  size_t inputs = 1;
  /// Kernels add products in pairs; those of a depthwise convolution widen them first.
  bool adds_pairs = true;
  /// The weight is `matrices` matrices of so many rows and columns whose columns are neighbours in
  /// the order of the kernels; 1 row or column: it lies in that order.
  size_t matrices = 1;
  size_t rows = 1;
  size_t columns = 1;

  size_t channel_size() const { return dots * dot_size; }
  /// From the weight's own order to that of the kernels.
  std::vector<float> arrange(std::span<const float> weight) const;
  std::vector<int8_t> arrange(std::span<const int8_t> codes) const;
  /// And back.
  std::vector<int8_t> restore(std::span<const int8_t> arranged) const;
};

/// Of the weight of a Conv, ConvTranspose, Gemm or MatMul. The output channels of a ConvTranspose
/// in groups lie along two axes: they have one scale.
WeightLayout weight_layout(const onnx::NodeProto& node, const tensor::Shape& shape);

}  // namespace rangefinder::passes
