#include "engine/gate_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "engine/simd/gates.h"

namespace rangefinder::engine {

HardSwishKernel::HardSwishKernel(const Ort::ConstKernelInfo& info)
    : alpha_(info.GetAttribute<float>(kAlphaAttribute)),
      beta_(info.GetAttribute<float>(kBetaAttribute)) {}

void HardSwishKernel::compute(const Ort::KernelContext& context) const {
  const tensor::TensorView x = view_of(context.GetInput(0));
  simd::hard_swish(x.floats(), alpha_, beta_, float_output(context, x.shape));
}

BlockedChannels::BlockedChannels(const Ort::ConstKernelInfo& info)
    : block(info.GetAttribute<int64_t>(kBlockAttribute)),
      channels(info.GetAttribute<int64_t>(kChannelsAttribute)) {}

void BlockedChannels::check(const tensor::TensorView& x) const {
  if (x.shape.size() != 4 || x.shape[1] != stored()) {
    throw std::invalid_argument(fmt::format("{} does not hold {} channels in blocks of {}",
                                            tensor::to_string(x.shape), channels, block));
  }
}

void ScaleChannelsKernel::compute(const Ort::KernelContext& context) const {
  const tensor::TensorView x = view_of(context.GetInput(0));
  const tensor::TensorView gate = view_of(context.GetInput(1));
  layout_.check(x);
  const int64_t width = gate.shape.size() == 4 ? gate.shape[1] : 0;
  if ((width != layout_.channels && width != layout_.stored()) ||
      gate.shape != tensor::Shape{x.shape[0], width, 1, 1}) {
    throw std::invalid_argument(fmt::format("{} cannot be scaled by {}", tensor::to_string(x.shape),
                                            tensor::to_string(gate.shape)));
  }
  float* y = float_output(context, x.shape);
  const auto block = static_cast<size_t>(layout_.block);
  const auto channels = static_cast<size_t>(layout_.channels);
  const size_t plane = static_cast<size_t>(x.shape[2] * x.shape[3]) * block;
  std::vector<float> gates(static_cast<size_t>(layout_.stored()));
  size_t done = 0;
  for (size_t n = 0; n < static_cast<size_t>(x.shape[0]); ++n) {
    const auto own = gate.floats().subspan(n * static_cast<size_t>(width), channels);
    std::ranges::copy(own, gates.begin());
    for (size_t c = 0; c < gates.size(); c += block, done += plane) {
      simd::scale_lanes(x.floats().subspan(done, plane), std::span(gates).subspan(c, block),
                        y + done);
    }
  }
}

void ChannelMeansKernel::compute(const Ort::KernelContext& context) const {
  const tensor::TensorView x = view_of(context.GetInput(0));
  layout_.check(x);
  float* y = float_output(context, {x.shape[0], layout_.channels, 1, 1});
  const auto block = static_cast<size_t>(layout_.block);
  const size_t plane = static_cast<size_t>(x.shape[2] * x.shape[3]) * block;
  std::vector<float> means(static_cast<size_t>(layout_.stored()));
  size_t done = 0;
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    for (size_t c = 0; c < means.size(); c += block, done += plane) {
      simd::mean_lanes(x.floats().subspan(done, plane), std::span(means).subspan(c, block));
    }
    y = std::copy_n(means.begin(), layout_.channels, y);
  }
}

}  // namespace rangefinder::engine
