#include "quantization/fake_quantize.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "quantization/float8.h"

namespace rangefinder::quantization {
namespace {

// Equation (1) for one channel. Codes are held in double: float32 cannot count to 2^32.
struct Quantizer {
  float scale;
  double offset;
  double low;
  double high;
  Rounding rounding;

  double code(float x) const {
    return std::clamp(static_cast<double>(round(x / scale, rounding)) + offset, low, high);
  }
  float restore(double code) const { return static_cast<float>(code - offset) * scale; }
};

void check_channel(const TensorQuantizationConfig& config, size_t channel) {
  if (channel >= config.scale.size() || config.offset.size() != config.scale.size()) {
    throw std::invalid_argument("The config has " + std::to_string(config.scale.size()) +
                                " scales and " + std::to_string(config.offset.size()) +
                                " offsets: channel " + std::to_string(channel) + " is missing.");
  }
}

Quantizer quantizer(const TensorQuantizationConfig& config, size_t channel) {
  return {config.scale[channel], static_cast<double>(config.offset[channel]),
          static_cast<double>(config.quant_min), static_cast<double>(config.quant_max),
          config.rounding};
}

// Where the runs of equal channel lie in a row-major tensor: outer x channels x inner.
struct ChannelLayout {
  size_t outer = 1;
  size_t channels = 1;
  size_t inner = 1;
};

ChannelLayout layout_of(const tensor::TensorView& tensor, const TensorQuantizationConfig& config) {
  ChannelLayout layout;
  if (!config.is_per_channel()) {
    layout.inner = tensor.element_count();
    check_channel(config, 0);
    return layout;
  }
  const size_t axis = config.channel_axis_of(tensor.shape.size());
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    size_t& part = i < axis ? layout.outer : i == axis ? layout.channels : layout.inner;
    part *= static_cast<size_t>(tensor.shape[i]);
  }
  if (layout.channels != config.scale.size()) {
    throw std::invalid_argument("The config has " + std::to_string(config.scale.size()) +
                                " scales, the tensor " + tensor::to_string(tensor.shape) + " has " +
                                std::to_string(layout.channels) + " channels.");
  }
  return layout;
}

template <typename Visit>
void for_each_run(const ChannelLayout& layout, Visit visit) {
  size_t begin = 0;
  for (size_t o = 0; o < layout.outer; ++o) {
    for (size_t c = 0; c < layout.channels; ++c, begin += layout.inner) visit(begin, c);
  }
}

}  // namespace

void fake_quantize(std::span<const float> values, const TensorQuantizationConfig& config,
                   size_t channel, std::span<float> restored) {
  if (values.size() != restored.size()) {
    throw std::invalid_argument("fake_quantize: " + std::to_string(values.size()) + " values, " +
                                std::to_string(restored.size()) + " places for the result.");
  }
  check_channel(config, channel);
  if (config.is_floating()) {
    const float scale = config.scale[channel];
    for (size_t i = 0; i < values.size(); ++i) {
      restored[i] = to_float8_value(values[i] / scale, config.float_format) * scale;
    }
    return;
  }
  const Quantizer q = quantizer(config, channel);
  for (size_t i = 0; i < values.size(); ++i) restored[i] = q.restore(q.code(values[i]));
}

tensor::Tensor fake_quantize(const tensor::TensorView& tensor,
                             const TensorQuantizationConfig& config) {
  const std::span<const float> values = tensor.floats();
  tensor::Tensor result(tensor::ElementType::kFloat32, tensor.shape);
  const ChannelLayout layout = layout_of(tensor, config);
  for_each_run(layout, [&](size_t begin, size_t channel) {
    fake_quantize(values.subspan(begin, layout.inner), config, channel,
                  result.floats().subspan(begin, layout.inner));
  });
  return result;
}

std::vector<int64_t> quantize(const tensor::TensorView& tensor,
                              const TensorQuantizationConfig& config) {
  if (config.is_floating()) {
    throw std::invalid_argument("A floating config has no integer codes: use to_float8_code().");
  }
  const std::span<const float> values = tensor.floats();
  std::vector<int64_t> codes(values.size());
  const ChannelLayout layout = layout_of(tensor, config);
  for_each_run(layout, [&](size_t begin, size_t channel) {
    const Quantizer q = quantizer(config, channel);
    for (size_t i = begin; i < begin + layout.inner; ++i) {
      codes[i] = static_cast<int64_t>(q.code(std::isnan(values[i]) ? 0.0f : values[i]));
    }
  });
  return codes;
}

}  // namespace rangefinder::quantization
