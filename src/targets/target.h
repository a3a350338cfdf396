#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

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
};

struct OperatorRule {
  std::string_view op_type;
  Role role;
  /// How many leading inputs are data; the rest are shapes, indices, scales. 0: all of them.
  int data_inputs;
  /// Under which the kernel on codes computes what the operator does.
  KernelConditions conditions = {};
};

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
  std::span<const std::string_view> fused_wrongly;

  /// The rule for an operator of the default domain; none: it computes in float.
  const OperatorRule* rule(std::string_view op_type) const;
  bool fuses_wrongly(std::string_view op_type) const;
};

/// The profiles, the default one first.
std::span<const Target> all_targets();

/// Throws std::invalid_argument listing the known names.
const Target& find_target(std::string_view name);

}  // namespace rangefinder::targets
