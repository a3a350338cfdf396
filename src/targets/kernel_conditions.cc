#include "targets/kernel_conditions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "graph/attributes.h"

namespace rangefinder::targets {
namespace {

/// The number that an attribute of one number holds.
double number(const onnx::AttributeProto& attribute) {
  if (attribute.type() == onnx::AttributeProto::FLOAT) return static_cast<double>(attribute.f());
  return static_cast<double>(attribute.i());
}

bool allows(const AttributeRule& rule, const onnx::AttributeProto& attribute) {
  switch (rule.allowed) {
    case Allowed::kAny:
      return true;
    case Allowed::kNothing:
      return false;
    case Allowed::kZero:
      return number(attribute) == 0;
    case Allowed::kFinite:
      return std::isfinite(number(attribute));
    case Allowed::kPositive:
      return number(attribute) > 0 && std::isnormal(attribute.f());
    case Allowed::kAtMost:
      return std::abs(number(attribute)) <= rule.limit;
    case Allowed::kOnly:
      return attribute.s() == rule.text;
    case Allowed::kNot:
      return attribute.s() != rule.text;
  }
  return false;
}

std::string value_of(const onnx::AttributeProto& attribute) {
  switch (attribute.type()) {
    case onnx::AttributeProto::FLOAT:
      return fmt::format("{}", attribute.f());
    case onnx::AttributeProto::STRING:
      return attribute.s();
    case onnx::AttributeProto::INTS:
      return fmt::format("[{}]", fmt::join(attribute.ints(), ", "));
    default:
      return fmt::format("{}", attribute.i());
  }
}

const AttributeRule* find_rule(std::span<const AttributeRule> rules, const std::string& name) {
  for (const AttributeRule& rule : rules) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

bool is_on(const onnx::NodeProto& node, std::string_view name) {
  return !name.empty() && graph::int_attribute(node, name, 0) != 0;
}

}  // namespace

std::string kernel_obstacle(const KernelConditions& conditions, const onnx::NodeProto& node,
                            int64_t opset) {
  if (opset < conditions.least_opset) {
    return fmt::format("has no integer kernel before operator set {}", conditions.least_opset);
  }
  for (const auto& attribute : node.attribute()) {
    const AttributeRule* rule = find_rule(conditions.attributes, attribute.name());
    if (rule != nullptr && allows(*rule, attribute)) continue;
    return fmt::format("has no integer kernel with {} = {}", attribute.name(), value_of(attribute));
  }
  const auto& [first, second] = conditions.never_both;
  if (is_on(node, first) && is_on(node, second)) {
    return fmt::format("has no integer kernel with both {} and {}", first, second);
  }
  return {};
}

}  // namespace rangefinder::targets
