#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "quantization/affine.h"
#include "quantization/tensor_quantization_config.h"
#include "targets/kernel_conditions.h"

namespace rangefinder::targets {

/// What an operator means to a runtime that computes in integers.
enum class Role {
  /// Multiplies by weights: the reason to quantize. Reads and writes codes.
  kWeighted,
  /// Has an integer kernel of its own; each tensor has its own parameters.
  kArithmetic,
  /// Moves codes without changing them: output and first input share their parameters.
  kMover,
  /// Multiplies or divides by a positive constant: the same codes, read with another scale.
  kScale,
  /// HardSigmoid: an addition whose codes saturate at 0 and 1.
  kGate,
  /// A bound that a quantized output already enforces: fused into what makes its input.
  kBound,
  /// An addition that is fused into the Conv which makes one summand: the other one is codes.
  kResidual,
  /// Puts tensors together: inputs and output share their parameters.
  kJoin,
};

struct OperatorRule {
  std::string_view op_type;
  Role role;
  /// How many leading inputs are data; the rest are shapes, indices, scales. 0: all of them.
  int data_inputs;
  /// Under which the kernel on codes computes what the operator does.
  KernelConditions conditions = {};
  /// Parameters that the runtime prescribes for the output, whatever is seen of it.
  std::optional<quantization::AffineParameters> output = {};
  /// The kernel takes no zero point, so data must not be negative.
  bool needs_zero_at_zero = false;
};

/// Where QuantizeLinear and DequantizeLinear stand.
enum class Placement {
  /// Between the kernels of ONNX Runtime's CPU provider, which read and write codes.
  kBetweenKernels,
  /// Before operators that compute in integers; what these make stays float until one of them reads
  /// it. The runtime fuses backwards from there.
  kBefore,
  /// Around them: what they make is codes, too.
  kAround,
};

/// How a constant weight is written.
enum class WeightForm {
  /// Codes behind a DequantizeLinear.
  kCodes,
  /// The restored weights in float behind QuantizeLinear and DequantizeLinear.
  kPair,
};

/// How a constant bias is written.
enum class BiasForm {
  /// int32 behind a DequantizeLinear; scale: that of the input times that of the weight.
  kCodes,
  kFloat,
};

/// Which weights have one scale for each output channel; the others have one for all.
enum class ChannelScales { kAll, kOfConv, kNone };

/// What a runtime can compute in integers and how it wants ranges: a table, not code paths.
struct Target {
  std::string_view name;
  std::string_view summary;
  /// Grid of activations, without a scale.
  quantization::TensorQuantizationConfig activation;
  /// Grid of weights, per output channel, without a scale and an axis.
  quantization::TensorQuantizationConfig weight;
  /// The runtime may add two products of an unsigned 8-bit activation and a signed 8-bit weight in
  /// 16 bits with saturation (x86-64 before VNNI): weights must keep every such pair in range.
  bool pair_sums_saturate;
  std::span<const OperatorRule> rules;
  /// Operators without a rule that the runtime computes on codes all the same where it finds them
  /// between DequantizeLinear and QuantizeLinear, and wrongly.
  std::span<const std::string_view> fused_wrongly = {};
  /// Models are for the CPU provider of ONNX Runtime: what it makes of them is looked at, judged
  /// and timed here. Others run here as their QuantizeLinear and DequantizeLinear say, each by
  /// itself, with everything between in float.
  bool runs_here = true;
  Placement placement = Placement::kBetweenKernels;
  WeightForm weight_form = WeightForm::kCodes;
  BiasForm bias_form = BiasForm::kCodes;
  ChannelScales channel_scales = ChannelScales::kAll;
  /// The output channels of a group of a convolution have one scale.
  bool has_group_scales = false;
  /// The largest weight code of 3x3 convolutions with stride 1 that are not grouped, which some
  /// runtimes compute by Winograd's transforms; 0: that of all weights.
  int64_t winograd_weight_max = 0;
  /// Quantized nodes of com.microsoft are understood: where an operator set has none for the grid.
  bool takes_microsoft = true;
  /// What stands beside pairs is written as the runtime fuses it (exporters/spelling.h).
  bool wants_spelling = false;
  /// Tensors of codes that are joined get a zero point for each index of the axis: what cannot take
  /// those along is neither joined nor read as codes (docs/openvino.md).
  bool joins_zero_points = false;

  /// The rule for an operator of the default domain; none: it computes in float.
  const OperatorRule* rule(std::string_view op_type) const;
  bool fuses_wrongly(std::string_view op_type) const;
};

/// The profiles, the default one first.
std::span<const Target> all_targets();

/// Throws std::invalid_argument listing the known names.
const Target& find_target(std::string_view name);

}  // namespace rangefinder::targets
