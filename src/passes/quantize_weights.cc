#include "passes/quantize_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "passes/constant_range.h"
#include "passes/pair_sums.h"
#include "passes/weight_layout.h"
#include "quantization/affine.h"

namespace rangefinder::passes {
namespace {

using tensor::Tensor;

/// Room for the products that are added to the bias.
constexpr double kLargestBias = 0x1p30;

/// Each value as the nearest code, ties to even. Beyond the limit it does not matter how far, and
/// so near to zero adding a number whose step is 1 rounds as nearbyint() does.
void write_codes(std::span<const float> values, float scale, int limit, std::span<int8_t> codes) {
  constexpr float kStepIsOne = 0x1.8p23f;
  const float bound = static_cast<float>(limit);
  for (size_t k = 0; k < values.size(); ++k) {
    const float code = std::min(std::max(values[k] / scale, -bound), bound);
    codes[k] = static_cast<int8_t>(static_cast<int>((code + kStepIsOne) - kStepIsOne));
  }
}

/// A channel's scale; 0 if all its weights are 0.
struct ChannelScale {
  /// From the largest weight alone.
  float plain = 0;
  /// With room for pairs.
  float scale = 0;
};

/// The largest magnitude, and how many are not 0. Of floats that are finite, magnitudes are ordered
/// as their bits are, which are compared several at a time.
std::pair<float, size_t> largest_and_count(std::span<const float> values) {
  constexpr uint32_t kMagnitude = 0x7FFFFFFF;
  int32_t largest = 0;
  size_t count = 0;
  for (const float value : values) {
    const auto bits = static_cast<int32_t>(std::bit_cast<uint32_t>(value) & kMagnitude);
    largest = std::max(largest, bits);
    count += bits != 0;
  }
  return {std::bit_cast<float>(largest), count};
}

/// Of a channel's dot products, one behind the other.
ChannelScale channel_scale(std::span<const float> channel, size_t dot_size, int limit,
                           bool adds_pairs) {
  const auto [largest, count] = largest_and_count(channel);
  if (largest == 0) return {};
  float plain = std::max(largest / static_cast<float>(limit), std::numeric_limits<float>::min());
  // The last code restores to a finite number.
  if (std::isinf(plain * static_cast<float>(limit))) plain = std::nextafter(plain, 0.0f);
  if (!adds_pairs) return {plain, plain};
  // Sums of such weights are no floats: no pair may be too large.
  if (largest > std::numeric_limits<float>::max() / 4)
    return {plain, largest / (kLargestPairSum / 2)};
  std::vector<float> sums;
  for (size_t at = 0; at < channel.size(); at += dot_size) {
    collect_pair_sums(channel.subspan(at, dot_size), plain * kLargestPairSum, sums);
  }
  return {plain, scale_for_pair_sums(sums, count, plain)};
}

void write_channel(std::span<const float> channel, size_t dot_size, float scale, int limit,
                   bool adds_pairs, std::span<int8_t> codes) {
  write_codes(channel, scale, limit, codes);
  if (!adds_pairs) return;
  for (size_t at = 0; at < channel.size(); at += dot_size) {
    bound_pair_sums(channel.subspan(at, dot_size), scale, codes.subspan(at, dot_size));
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
  const auto is_nan = [](float value) { return std::isnan(value); };
  if (std::any_of(values.begin(), values.end(), is_nan)) refuse_nonfinite(graph, node);
  return bias;
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

/// A window of 3x3 with stride 1, neither dilated nor grouped.
bool is_winograd(const onnx::NodeProto& node, const tensor::Shape& shape) {
  return node.op_type() == "Conv" && shape.size() == 4 && shape[2] == 3 && shape[3] == 3 &&
         graph::int_attribute(node, "group", 1) == 1 && graph::ints_are(node, "strides", 1) &&
         graph::ints_are(node, "dilations", 1);
}

bool has_channel_scales(const onnx::NodeProto& node, const targets::Target& target) {
  if (target.channel_scales == targets::ChannelScales::kOfConv) return node.op_type() == "Conv";
  return target.channel_scales == targets::ChannelScales::kAll;
}

/// One scale for the channels of each of `count` groups.
void share_scales(size_t count, std::vector<float>& scales) {
  const size_t size = scales.size() / count;
  for (auto first = scales.begin(); first != scales.end(); first += static_cast<ptrdiff_t>(size)) {
    const auto end = first + static_cast<ptrdiff_t>(size);
    std::fill(first, end, *std::max_element(first, end));
  }
}

/// One scale for several channels where the target wants that; powers of two where it wants those.
void fit_scales(const onnx::NodeProto& node, const targets::Target& target, QuantizedWeight& made) {
  if (target.weight.is_power_of_2()) {
    for (float& scale : made.scale) scale = quantization::representable_scale(scale, true);
  }
  const int64_t groups = graph::int_attribute(node, "group", 1);
  if (target.has_group_scales && node.op_type() == "Conv" && groups > 1) {
    share_scales(static_cast<size_t>(groups), made.scale);
  }
  if ((has_channel_scales(node, target) && made.axis) || made.scale.size() < 2) return;
  made.scale = {*std::max_element(made.scale.begin(), made.scale.end())};
  made.axis.reset();
}

}  // namespace

std::vector<size_t> first_alike(std::span<const QuantizedWeight* const> weights) {
  const auto is_alike = [&](size_t a, size_t b) {
    const QuantizedWeight& one = *weights[a];
    const QuantizedWeight& other = *weights[b];
    return one.shape == other.shape && one.axis == other.axis && one.scale == other.scale &&
           one.codes == other.codes;
  };
  std::unordered_multimap<size_t, size_t> firsts;
  std::vector<size_t> result(weights.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    const std::vector<int8_t>& codes = weights[i]->codes;
    const std::string_view bytes(reinterpret_cast<const char*>(codes.data()), codes.size());
    const size_t hash = std::hash<std::string_view>()(bytes);
    const auto [begin, end] = firsts.equal_range(hash);
    const auto known =
        std::find_if(begin, end, [&](const auto& first) { return is_alike(first.second, i); });
    result[i] = known == end ? i : known->second;
    if (known == end) firsts.emplace(hash, i);
  }
  return result;
}

int weight_limit(const onnx::NodeProto& node, const tensor::Shape& shape,
                 const targets::Target& target) {
  const bool is_narrow = target.winograd_weight_max > 0 && is_winograd(node, shape);
  return static_cast<int>(is_narrow ? target.winograd_weight_max : target.weight.quant_max);
}

Tensor read_weight(const graph::Graph& graph, const onnx::NodeProto& node) {
  Tensor weight = graph::read_constant(*graph.initializer(node.input(1)));
  const float alpha = node.op_type() == "Gemm" ? graph::float_attribute(node, "alpha", 1) : 1.0f;
  bool is_finite = true;
  for (float& value : weight.floats()) {
    value *= alpha;
    is_finite = is_finite && std::isfinite(value);
  }
  if (is_finite) return weight;
  refuse_nonfinite(graph, node);
  throw Error(fmt::format("the weight times alpha = {} is not finite", alpha),
              {.node = node.name(), .tensor = node.input(1)});
}

QuantizedWeight quantize_weight(const graph::Graph& graph, const onnx::NodeProto& node,
                                float input_scale, const targets::Target& target) {
  const Tensor weight = read_weight(graph, node);
  const int limit = weight_limit(node, weight.shape(), target);
  QuantizedWeight result{.node = node.name(), .shape = weight.shape()};
  const WeightLayout layout = weight_layout(node, weight.shape());
  result.axis = layout.axis;
  result.channel_count = layout.channels;
  const std::vector<float> bias = bias_of(graph, node, layout.channels);
  result.has_float_bias = target.bias_form == targets::BiasForm::kFloat;
  const bool has_codes = !result.has_float_bias && !bias.empty();
  const bool adds_pairs = target.pair_sums_saturate && layout.adds_pairs;
  const std::vector<float> values = layout.arrange(weight.floats());
  const size_t channel_size = layout.channel_size();
  const auto channel = [&](const auto& all, size_t c) {
    return std::span(all).subspan(c * channel_size, channel_size);
  };
  for (size_t c = 0; c < layout.channels; ++c) {
    auto [plain, scale] = channel_scale(channel(values, c), layout.dot_size, limit, adds_pairs);
    if (has_codes && (scale > 0 || bias[c] != 0)) {
      scale = scale_for_bias(scale, bias[c], input_scale, node);
    }
    if (scale == 0) scale = 1;
    result.raised_channel_count += plain > 0 && scale > plain;
    result.scale.push_back(scale);
  }
  fit_scales(node, target, result);
  std::vector<int8_t> codes(values.size());
  for (size_t c = 0; c < layout.channels; ++c) {
    write_channel(channel(values, c), layout.dot_size, result.scale_of(c), limit, adds_pairs,
                  std::span(codes).subspan(c * channel_size, channel_size));
    if (!has_codes) continue;
    result.bias_scale.push_back(input_scale * result.scale_of(c));
    result.bias.push_back(bias_code(bias[c], result.bias_scale.back()));
  }
  if (result.has_float_bias) result.float_bias = bias;
  result.codes = layout.restore(codes);
  return result;
}

QuantizedRows quantize_rows(std::span<const float> values, size_t row_size,
                            const targets::Target& target) {
  const int limit = static_cast<int>(target.weight.quant_max);
  QuantizedRows rows{.codes = std::vector<int8_t>(values.size())};
  for (size_t at = 0; at < values.size(); at += row_size) {
    const auto row = values.subspan(at, row_size);
    const float scale = channel_scale(row, row_size, limit, target.pair_sums_saturate).scale;
    rows.scale.push_back(scale == 0 ? 1 : scale);
    write_channel(row, row_size, rows.scale.back(), limit, target.pair_sums_saturate,
                  std::span(rows.codes).subspan(at, row_size));
  }
  return rows;
}

}  // namespace rangefinder::passes
