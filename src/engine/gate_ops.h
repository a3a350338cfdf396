#pragma once

// Products with gates, and what gates are made of, as operators of ONNX Runtime. For the sources of
// this folder only.
//
// Mobile networks compute between their convolutions what ONNX Runtime does in several sweeps over
// memory, or by leaving its blocked layout. Their results are the same, bit for bit.

#include <onnxruntime_cxx_api.h>

#include "engine/custom_op.h"
#include "engine/operator_names.h"

namespace rangefinder::engine {

/// y = x * max(0, min(1, alpha * x + beta)) of float32 tensors of any shape; alpha and beta are
/// attributes.
class HardSwishKernel {
 public:
  static constexpr const char* kOperator = kHardSwishOperator;
  static constexpr size_t kInputCount = 1;

  explicit HardSwishKernel(const Ort::ConstKernelInfo& info);
  void compute(const Ort::KernelContext& context) const;

 private:
  float alpha_;
  float beta_;
};

/// Attributes of the operators that read blocks: x is float32 [N][C / block][H][W][block], with C
/// rounded up to whole blocks.
struct BlockedChannels {
  explicit BlockedChannels(const Ort::ConstKernelInfo& info);
  int64_t stored() const { return (channels + block - 1) / block * block; }
  /// Throws std::invalid_argument if `x` is not such a tensor.
  void check(const tensor::TensorView& x) const;

  int64_t block;
  int64_t channels;
};

/// y = x * gate, in blocks like x, zero in the lanes behind the last channel.
/// gate: float32 [N, C or C rounded up, 1, 1].
class ScaleChannelsKernel {
 public:
  static constexpr const char* kOperator = kScaleChannelsOperator;
  static constexpr size_t kInputCount = 2;

  explicit ScaleChannelsKernel(const Ort::ConstKernelInfo& info) : layout_(info) {}
  /// Throws std::invalid_argument on other shapes.
  void compute(const Ort::KernelContext& context) const;

 private:
  BlockedChannels layout_;
};

/// y, [N, C, 1, 1]: the mean of each channel of x, as GlobalAveragePool.
class ChannelMeansKernel {
 public:
  static constexpr const char* kOperator = kChannelMeansOperator;
  static constexpr size_t kInputCount = 1;

  explicit ChannelMeansKernel(const Ort::ConstKernelInfo& info) : layout_(info) {}
  /// Throws std::invalid_argument on other shapes.
  void compute(const Ort::KernelContext& context) const;

 private:
  BlockedChannels layout_;
};

using HardSwishOperator = KernelOperator<HardSwishKernel>;
using ScaleChannelsOperator = KernelOperator<ScaleChannelsKernel>;
using ChannelMeansOperator = KernelOperator<ChannelMeansKernel>;

}  // namespace rangefinder::engine
