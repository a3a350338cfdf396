#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// What a node is to read at one of its inputs instead of the constant there.
struct ChangedConstant {
  std::string node;
  int input;
  tensor::Tensor values;
};

/// A weight as codes: what an exporter writes.
struct QuantizedWeight {
  std::string node = {};
  /// Codes in the weight's own layout.
  tensor::Shape shape = {};
  std::vector<int8_t> codes = {};
  /// One scale per output channel along `axis`, or a single one and no axis.
  std::vector<float> scale = {};
  std::optional<int64_t> axis = {};
  /// Empty if the node has no bias. Scale: input scale times weight scale, zero point 0.
  std::vector<int32_t> bias = {};
  std::vector<float> bias_scale = {};
  /// The target wants the bias in float: it is here then, beta folded in, and not in codes.
  bool has_float_bias = false;
  std::vector<float> float_bias = {};
  /// How many output channels there are; the scales may be one for all of them.
  size_t channel_count = 0;
  /// Channels whose scale was raised: pairs of products could saturate 16 bits, or the bias 32.
  size_t raised_channel_count = 0;
  /// A constant that another node adds to the product, if it is to be written with other values.
  std::optional<ChangedConstant> summand = {};

  float scale_of(size_t channel) const { return scale.size() == 1 ? scale[0] : scale[channel]; }
};

/// For each weight the place of the first one with the same codes, scales and layout, which may be
/// its own: networks that run a layer several times (towers, unrolled recurrences) have one
/// constant for all of its nodes, and need its codes once.
std::vector<size_t> first_alike(std::span<const QuantizedWeight* const> weights);

/// The largest weight code of the node on this target.
int weight_limit(const onnx::NodeProto& node, const tensor::Shape& shape,
                 const targets::Target& target);

/// The real weights of a node as its kernel multiplies by them: a Gemm's alpha is folded in. Throws
/// Error naming node and tensor if there is NaN or infinity among them.
tensor::Tensor read_weight(const graph::Graph& graph, const onnx::NodeProto& node);

/// Symmetric weights per output channel: scale = max|w| / quant_max, unless
/// - two weights that a kernel adds up in 16 bits could saturate them
///   (targets::Target::pair_sums_saturate): scale and codes of least squared error such that no
///   pair can (passes/pair_sums.h),
/// - the bias would not fit 32 bits: the channel's scale grows until it does.
/// Where the target wants one scale for all channels that is the largest of theirs, and where it
/// wants powers of two the next one. A bias that stays float needs no room.
/// A channel of zeros gets scale 1, or what its bias needs. No scale, nor its product with the
/// input's, is zero, denormal or infinite: weights too small for that are zeros.
/// `input_scale` is that of the node's activation. Constants alpha and beta of Gemm are folded.
/// Throws Error naming node and tensor if the weight holds NaN or infinity, the bias NaN, or the
/// bias more than 32 bits hold at any scale.
QuantizedWeight quantize_weight(const graph::Graph& graph, const onnx::NodeProto& node,
                                float input_scale, const targets::Target& target);

/// Rows of a matrix as codes, each with a scale of its own.
struct QuantizedRows {
  std::vector<int8_t> codes = {};
  std::vector<float> scale = {};
};

/// The same for rows of `row_size` finite values that are one dot product each of a kernel that
/// adds products in pairs, without a bias.
QuantizedRows quantize_rows(std::span<const float> values, size_t row_size,
                            const targets::Target& target);

}  // namespace rangefinder::passes
