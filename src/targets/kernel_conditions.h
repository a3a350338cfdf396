#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rangefinder::targets {

/// Which values of an attribute a kernel on codes computes as the operator in float does.
enum class Allowed {
  kAny,
  /// The attribute must not be written.
  kNothing,
  kZero,
  kFinite,
  /// A positive number that is neither denormal nor infinite.
  kPositive,
  /// A number with no larger magnitude than `limit`.
  kAtMost,
  /// The text `text`, and no other.
  kOnly,
  /// Any text but `text`.
  kNot,
};

struct AttributeRule {
  std::string_view name;
  Allowed allowed = Allowed::kAny;
  std::string_view text = {};
  double limit = 0;
};

/// Two attributes that the kernel computes one at a time, but not both switched on. Empty: none.
struct AttributePair {
  std::string_view first = {};
  std::string_view second = {};
};

/// When the kernel on codes computes what the operator does. What is not listed is not allowed: an
/// attribute of a later operator set keeps a node in float until somebody has tried it.
struct KernelConditions {
  std::span<const AttributeRule> attributes = {};
  AttributePair never_both = {};
  /// The first operator set with a kernel for codes.
  int64_t least_opset = 1;
};

/// Why the kernel would compute something else than the node does in float; empty if it does not.
/// `opset` is that of the model. Cost: attributes of the node times those of the rule.
std::string kernel_obstacle(const KernelConditions& conditions, const onnx::NodeProto& node,
                            int64_t opset);

}  // namespace rangefinder::targets
