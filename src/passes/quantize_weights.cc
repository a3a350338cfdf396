#include "passes/quantize_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/constants.h"

namespace rangefinder::passes {
namespace {

using tensor::Tensor;

/// The largest sum of two weight codes for which 255 * sum still fits 16 bits.
constexpr int kLargestPairSum = std::numeric_limits<int16_t>::max() / 255;
/// Room for the products that are added to the bias.
constexpr double kLargestBias = 0x1p30;

/// A weight seen as [outer][channels][inner].
struct Channels {
  size_t outer;
  size_t count;
  size_t inner;
};

std::optional<int64_t> channel_axis(const onnx::NodeProto& node, size_t rank) {
  if (node.op_type() == "Conv") return 0;
  if (node.op_type() == "Gemm") return graph::int_attribute(node, "transB", 0) != 0 ? 0 : 1;
  if (rank == 2) return 1;
  return std::nullopt;
}

Channels split(const tensor::Shape& shape, std::optional<int64_t> axis) {
  if (!axis) return {1, 1, static_cast<size_t>(tensor::element_count(shape))};
  const auto a = static_cast<size_t>(*axis);
  const std::span<const int64_t> all(shape);
  return {static_cast<size_t>(tensor::element_count(all.first(a))), static_cast<size_t>(shape[a]),
          static_cast<size_t>(tensor::element_count(all.subspan(a + 1)))};
}

/// The weights of one output channel in the order of their storage.
std::vector<float> channel(const Tensor& weight, const Channels& channels, size_t c) {
  std::vector<float> values;
  values.reserve(channels.outer * channels.inner);
  const auto all = weight.floats();
  for (size_t o = 0; o < channels.outer; ++o) {
    const auto start = (o * channels.count + c) * channels.inner;
    const auto block = all.subspan(start, channels.inner);
    values.insert(values.end(), block.begin(), block.end());
  }
  return values;
}

int8_t code(float value, float scale, int limit) {
  const auto rounded = static_cast<int>(std::nearbyint(value / scale));
  return static_cast<int8_t>(std::clamp(rounded, -limit, limit));
}

/// Largest |a + b| over pairs (0,1), (2,3), ... of codes of one sign, visited with a stride: stride
/// > 1 walks a Conv's [in][kernel] block kernel by kernel, as channels-last kernels do.
int largest_pair_sum(const std::vector<float>& values, float scale, int limit, size_t stride) {
  const size_t rows = stride == 0 ? 0 : values.size() / stride;
  const auto at = [&](size_t k) { return values[(k % rows) * stride + k / rows]; };
  int largest = 0;
  for (size_t k = 0; k + 1 < values.size(); k += 2) {
    const int a = code(at(k), scale, limit);
    const int b = code(at(k + 1), scale, limit);
    if ((a < 0) == (b < 0)) largest = std::max(largest, std::abs(a + b));
  }
  return largest;
}

/// Raises the scale until no pair of products can leave 16 bits, in either order in which kernels
/// walk the weights (channels first, channels last).
float without_saturation(const std::vector<float>& values, float scale, int limit, size_t kernel) {
  const auto sum = [&](float s) {
    return std::max(largest_pair_sum(values, s, limit, 1), largest_pair_sum(values, s, limit, kernel));
  };
  for (int largest = sum(scale); largest > kLargestPairSum; largest = sum(scale)) {
    const float wanted = scale * (static_cast<float>(largest) / static_cast<float>(kLargestPairSum));
    scale = std::max(wanted, std::nextafter(scale, std::numeric_limits<float>::infinity()));
  }
  return scale;
}

/// The constant bias as one value per channel, beta folded in; empty if there is none.
std::vector<float> bias_of(const graph::Graph& graph, const onnx::NodeProto& node, size_t channels) {
  if (node.op_type() == "MatMul" || node.input_size() < 3 || node.input(2).empty()) return {};
  const Tensor constant = graph::read_constant(*graph.initializer(node.input(2)));
  const auto values = constant.floats();
  if (values.size() != 1 && values.size() != channels) {
    throw Error(fmt::format("bias of shape {} for {} channels", tensor::to_string(constant.shape()),
                            channels),
                {.node = node.name(), .tensor = node.input(2)});
  }
  const float beta = node.op_type() == "Gemm" ? graph::float_attribute(node, "beta", 1) : 1.0f;
  std::vector<float> bias(channels);
  for (size_t c = 0; c < channels; ++c) bias[c] = beta * values[values.size() == 1 ? 0 : c];
  return bias;
}

Tensor read_weight(const graph::Graph& graph, const onnx::NodeProto& node) {
  Tensor weight = graph::read_constant(*graph.initializer(node.input(1)));
  const float alpha = node.op_type() == "Gemm" ? graph::float_attribute(node, "alpha", 1) : 1.0f;
  for (float& value : weight.floats()) {
    value *= alpha;
    if (!std::isfinite(value)) {
      throw Error(fmt::format("the weight holds {}", value),
                  {.node = node.name(), .tensor = node.input(1)});
    }
  }
  return weight;
}

/// The distance in storage between weights that meet neighbouring inputs: the elements of a
/// convolution's window, the row of a stack of matrices.
size_t input_stride(const onnx::NodeProto& node, const tensor::Shape& shape) {
  if (node.op_type() == "MatMul" && shape.size() > 2) return static_cast<size_t>(shape.back());
  if (node.op_type() != "Conv") return 1;
  return static_cast<size_t>(tensor::element_count(std::span<const int64_t>(shape).subspan(2)));
}

}  // namespace

QuantizedWeight quantize_weight(const graph::Graph& graph, const onnx::NodeProto& node,
                                float input_scale, const targets::Target& target) {
  const Tensor weight = read_weight(graph, node);
  const int limit = static_cast<int>(target.weight.quant_max);
  QuantizedWeight result{.node = node.name(), .shape = weight.shape()};
  result.axis = channel_axis(node, weight.shape().size());
  const Channels channels = split(weight.shape(), result.axis);
  const std::vector<float> bias = bias_of(graph, node, channels.count);
  const size_t kernel = input_stride(node, weight.shape());
  // Depthwise kernels widen before they multiply.
  const bool depthwise = node.op_type() == "Conv" && weight.shape()[1] == 1 &&
                         graph::int_attribute(node, "group", 1) > 1;
  const bool pairs = target.pair_sums_saturate && !depthwise;
  result.codes.resize(weight.element_count());
  for (size_t c = 0; c < channels.count; ++c) {
    const std::vector<float> values = channel(weight, channels, c);
    float largest = 0;
    for (const float value : values) largest = std::max(largest, std::abs(value));
    const float plain = largest > 0 ? std::max(largest / static_cast<float>(limit),
                                               std::numeric_limits<float>::min())
                                    : 0.0f;
    float scale = pairs && largest > 0 ? without_saturation(values, plain, limit, kernel) : plain;
    if (!bias.empty()) {
      const double least = std::abs(bias[c]) / (kLargestBias * input_scale);
      scale = std::max(scale, static_cast<float>(least));
    }
    if (scale == 0) scale = 1;
    result.raised_channel_count += largest > 0 && scale > plain;
    result.scale.push_back(scale);
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t o = i / channels.inner;
      const size_t place = (o * channels.count + c) * channels.inner + i % channels.inner;
      result.codes[place] = code(values[i], scale, limit);
    }
    if (bias.empty()) continue;
    result.bias_scale.push_back(input_scale * scale);
    result.bias.push_back(static_cast<int32_t>(std::clamp(
        std::nearbyint(static_cast<double>(bias[c]) / result.bias_scale.back()), -0x1p31 + 1,
        0x1p31 - 1)));
  }
  return result;
}

}  // namespace rangefinder::passes
