#include "passes/quantize_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "passes/constant_range.h"
#include "passes/pair_sums.h"

namespace rangefinder::passes {
namespace {

using tensor::Tensor;

/// Room for the products that are added to the bias.
constexpr double kLargestBias = 0x1p30;

/// The elements of a weight that one output adds up, in the order of the kernels: `inner` steps of
/// `inner_stride` from `start`, then the same one `outer_stride` on.
struct DotProduct {
  size_t start = 0;
  size_t inner = 1;
  size_t inner_stride = 1;
  size_t outer = 1;
  size_t outer_stride = 1;

  size_t size() const { return inner * outer; }
  size_t place(size_t k) const {
    return start + k % inner * inner_stride + k / inner * outer_stride;
  }
};

/// How a weight's elements are shared out to channels, each with a scale of its own.
struct Layout {
  /// The axis of the channels; none: one scale for all.
  std::optional<int64_t> axis = {};
  /// One list per channel.
  std::vector<std::vector<DotProduct>> channels = {};
  /// Kernels add products in pairs; those of a depthwise convolution widen them first.
  bool adds_pairs = true;
};

size_t product(std::span<const int64_t> shape) {
  return static_cast<size_t>(tensor::element_count(shape));
}

/// Convolutions run channels last, whatever the model's layout: input channels within a position
/// of the window are neighbours.
Layout convolution_layout(const onnx::NodeProto& node, const tensor::Shape& shape) {
  const std::span<const int64_t> all(shape);
  const size_t window = product(all.subspan(2));
  const auto inputs = static_cast<size_t>(shape[1]);
  Layout layout{.axis = 0};
  for (size_t c = 0; c < static_cast<size_t>(shape[0]); ++c) {
    layout.channels.push_back({{c * inputs * window, inputs, window, window, 1}});
  }
  const int64_t groups = graph::int_attribute(node, "group", 1);
  layout.adds_pairs = !(groups > 1 && groups == shape[0] && inputs == 1);
  return layout;
}

/// [N, K] if `transposed`, else [..., K, N] or [K].
Layout matrix_layout(const tensor::Shape& shape, bool transposed) {
  const size_t rank = shape.size();
  const auto last = static_cast<size_t>(shape.back());
  const size_t before = rank > 1 ? static_cast<size_t>(shape[rank - 2]) : 1;
  Layout layout;
  if (transposed) {
    layout.axis = 0;
    for (size_t n = 0; n < before; ++n)
      layout.channels.push_back({{.start = n * last, .inner = last}});
    return layout;
  }
  if (rank == 1) return {.channels = {{{.inner = last}}}};
  const size_t matrices = product(std::span(shape).first(rank - 2));
  for (size_t m = 0; m < matrices; ++m) {
    for (size_t n = 0; n < last; ++n) {
      const DotProduct column{m * before * last + n, before, last};
      if (layout.channels.empty() || rank == 2) layout.channels.emplace_back();
      layout.channels.back().push_back(column);
    }
  }
  if (rank == 2) layout.axis = 1;
  return layout;
}

Layout layout_of(const onnx::NodeProto& node, const tensor::Shape& shape) {
  if (node.op_type() == "Conv") return convolution_layout(node, shape);
  const bool transposed = node.op_type() == "Gemm" && graph::int_attribute(node, "transB", 0) != 0;
  return matrix_layout(shape, transposed);
}

int8_t code(float value, float scale, int limit) {
  const auto rounded = static_cast<int>(std::nearbyint(value / scale));
  return static_cast<int8_t>(std::clamp(rounded, -limit, limit));
}

std::vector<float> gather(std::span<const float> weight, const DotProduct& dot) {
  std::vector<float> values(dot.size());
  for (size_t k = 0; k < values.size(); ++k) values[k] = weight[dot.place(k)];
  return values;
}

/// A channel's scale; 0 if all its weights are 0.
struct ChannelScale {
  /// From the largest weight alone.
  float plain = 0;
  /// With room for pairs.
  float scale = 0;
};

ChannelScale channel_scale(std::span<const float> weight, const std::vector<DotProduct>& channel,
                           int limit, bool adds_pairs) {
  float largest = 0;
  size_t count = 0;
  for (const DotProduct& dot : channel) {
    for (size_t k = 0; k < dot.size(); ++k) {
      const float magnitude = std::abs(weight[dot.place(k)]);
      largest = std::max(largest, magnitude);
      count += magnitude > 0;
    }
  }
  if (largest == 0) return {};
  float plain = std::max(largest / static_cast<float>(limit), std::numeric_limits<float>::min());
  // The last code restores to a finite number.
  if (std::isinf(plain * static_cast<float>(limit))) plain = std::nextafter(plain, 0.0f);
  if (!adds_pairs) return {plain, plain};
  // Sums of such weights are no floats: no pair may be too large.
  if (largest > std::numeric_limits<float>::max() / 4)
    return {plain, largest / (kLargestPairSum / 2)};
  std::vector<float> sums;
  for (const DotProduct& dot : channel) {
    collect_pair_sums(gather(weight, dot), plain * kLargestPairSum, sums);
  }
  return {plain, scale_for_pair_sums(sums, count, plain)};
}

void write_codes(std::span<const float> weight, const std::vector<DotProduct>& channel, float scale,
                 int limit, bool adds_pairs, std::vector<int8_t>& codes) {
  for (const DotProduct& dot : channel) {
    const std::vector<float> values = gather(weight, dot);
    std::vector<int8_t> row(values.size());
    for (size_t k = 0; k < row.size(); ++k) row[k] = code(values[k], scale, limit);
    if (adds_pairs) bound_pair_sums(values, scale, row);
    for (size_t k = 0; k < row.size(); ++k) codes[dot.place(k)] = row[k];
  }
}

/// The constant bias as one value per channel, beta folded in; empty if there is none.
std::vector<float> bias_of(const graph::Graph& graph, const onnx::NodeProto& node,
                           size_t channels) {
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
  refuse_nonfinite(graph, node);
  Tensor weight = graph::read_constant(*graph.initializer(node.input(1)));
  const float alpha = node.op_type() == "Gemm" ? graph::float_attribute(node, "alpha", 1) : 1.0f;
  for (float& value : weight.floats()) {
    value *= alpha;
    if (!std::isfinite(value)) {
      throw Error(fmt::format("the weight times alpha = {} holds {}", alpha, value),
                  {.node = node.name(), .tensor = node.input(1)});
    }
  }
  return weight;
}

/// The scale with room for the bias in 32 bits. Like any scale of ours it is a normal number, its
/// product with `input_scale`, the bias's own, too. Error: there is none.
float scale_for_bias(float scale, float bias, float input_scale, const onnx::NodeProto& node) {
  constexpr auto kLeast = static_cast<double>(std::numeric_limits<float>::min());
  constexpr auto kLargest = static_cast<double>(std::numeric_limits<float>::max());
  const auto input = static_cast<double>(input_scale);
  const double for_bias = std::abs(static_cast<double>(bias)) / (kLargestBias * input);
  // A weight whose products are denormal counts for nothing.
  const double for_product = std::nextafter(static_cast<float>(kLeast / input), 1.0f);
  const double wanted = std::max({static_cast<double>(scale), for_bias, for_product});
  if (wanted <= kLargest && wanted * input <= kLargest) return static_cast<float>(wanted);
  throw Error(fmt::format("the bias {} and weights of scale {} do not fit 32 bits beside "
                          "activations of scale {}",
                          bias, scale, input_scale),
              {.node = node.name(), .tensor = node.input(2)});
}

/// Bias code `value` / `scale` within 32 bits.
int32_t bias_code(float value, float scale) {
  const double rounded = std::nearbyint(static_cast<double>(value) / scale);
  return static_cast<int32_t>(std::clamp(rounded, -0x1p31 + 1, 0x1p31 - 1));
}

}  // namespace

QuantizedWeight quantize_weight(const graph::Graph& graph, const onnx::NodeProto& node,
                                float input_scale, const targets::Target& target) {
  const Tensor weight = read_weight(graph, node);
  const int limit = static_cast<int>(target.weight.quant_max);
  QuantizedWeight result{.node = node.name(), .shape = weight.shape()};
  const Layout layout = layout_of(node, weight.shape());
  result.axis = layout.axis;
  const std::vector<float> bias = bias_of(graph, node, layout.channels.size());
  const bool adds_pairs = target.pair_sums_saturate && layout.adds_pairs;
  result.codes.resize(weight.element_count());
  for (size_t c = 0; c < layout.channels.size(); ++c) {
    auto [plain, scale] = channel_scale(weight.floats(), layout.channels[c], limit, adds_pairs);
    if (!bias.empty() && (scale > 0 || bias[c] != 0)) {
      scale = scale_for_bias(scale, bias[c], input_scale, node);
    }
    if (scale == 0) scale = 1;
    result.raised_channel_count += plain > 0 && scale > plain;
    result.scale.push_back(scale);
    write_codes(weight.floats(), layout.channels[c], scale, limit, adds_pairs, result.codes);
    if (bias.empty()) continue;
    result.bias_scale.push_back(input_scale * scale);
    result.bias.push_back(bias_code(bias[c], result.bias_scale.back()));
  }
  return result;
}

}  // namespace rangefinder::passes
