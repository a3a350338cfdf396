#include "engine/switch_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <stdexcept>

#include "engine/switches.h"
#include "quantization/fake_quantize.h"

namespace rangefinder::engine {
namespace {

size_t number_of(const Ort::ConstKernelInfo& info) {
  return static_cast<size_t>(info.GetAttribute<int64_t>(kSwitchAttribute));
}

std::span<const int8_t> codes_of(const tensor::TensorView& view) {
  return {static_cast<const int8_t*>(view.data), view.element_count()};
}

}  // namespace

RoundKernel::RoundKernel(const Ort::ConstKernelInfo& info)
    : number_(number_of(info)),
      config_(quantization::TensorQuantizationConfig::linear(quantization::Symmetry::kAsymmetric)) {
  config_.quant_min = info.GetAttribute<int64_t>(kLeastCodeAttribute);
  config_.quant_max = info.GetAttribute<int64_t>(kLargestCodeAttribute);
  config_.scale = {info.GetAttribute<float>(kScaleAttribute)};
  config_.offset = {static_cast<int32_t>(info.GetAttribute<int64_t>(kZeroPointAttribute))};
}

void RoundKernel::compute(const Ort::KernelContext& context) const {
  const tensor::TensorView x = view_of(context.GetInput(0));
  const std::span<const float> values = x.floats();
  float* y = float_output(context, x.shape);
  if (is_switched_on(number_)) {
    quantization::fake_quantize(values, config_, 0, {y, values.size()});
  } else {
    std::ranges::copy(values, y);
  }
}

RestoreKernel::RestoreKernel(const Ort::ConstKernelInfo& info)
    : number_(number_of(info)), axis_(info.GetAttribute<int64_t>(kAxisAttribute)) {}

void RestoreKernel::compute(const Ort::KernelContext& context) const {
  const tensor::TensorView x = view_of(context.GetInput(0));
  float* y = float_output(context, x.shape);
  if (!is_switched_on(number_)) {
    std::ranges::copy(x.floats(), y);
    return;
  }
  const tensor::TensorView code_view = view_of(context.GetInput(1));
  const auto codes = codes_of(code_view);
  const tensor::TensorView scale_view = view_of(context.GetInput(2));
  const auto scales = scale_view.floats();
  size_t inner = 1;
  for (size_t i = static_cast<size_t>(axis_) + 1; i < x.shape.size(); ++i) {
    inner *= static_cast<size_t>(x.shape[i]);
  }
  const size_t channels =
      scales.size() == 1 ? 1 : static_cast<size_t>(x.shape.at(static_cast<size_t>(axis_)));
  if (codes.size() != x.element_count() || channels != scales.size()) {
    throw std::invalid_argument(fmt::format("{} codes and {} scales do not restore {}",
                                            codes.size(), scales.size(),
                                            tensor::to_string(x.shape)));
  }
  for (size_t i = 0; i < codes.size(); ++i) {
    y[i] = static_cast<float>(codes[i]) * scales[channels == 1 ? 0 : i / inner % channels];
  }
}

SelectKernel::SelectKernel(const Ort::ConstKernelInfo& info) : number_(number_of(info)) {}

void SelectKernel::compute(const Ort::KernelContext& context) const {
  const tensor::TensorView x = view_of(context.GetInput(is_switched_on(number_) ? 1 : 0));
  std::ranges::copy(x.floats(), float_output(context, x.shape));
}

}  // namespace rangefinder::engine
