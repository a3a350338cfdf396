#include "passes/exclusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <unordered_map>
#include <vector>

#include "base/name_pattern.h"
#include "base/near_names.h"

namespace rangefinder::passes {
namespace {

using targets::Role;

class Exclusion {
 public:
  Exclusion(const PreparedModel& prepared, const targets::Target& target)
      : prepared_(prepared), target_(target) {
    for (const auto& node : prepared.model.graph().node()) {
      nodes_[node.name()] = &node;
      for (const auto& output : node.output()) makers_[output] = &node;
    }
  }

  void add(const NamePattern& pattern) {
    const auto fits = [&](const std::string& name) { return pattern.fits(name); };
    bool is_used = false;
    for (const auto& node : prepared_.model.graph().node()) {
      if (!fits_node(pattern, node.name(), node.output())) continue;
      exclude(node);
      is_used = true;
    }
    for (const auto& node : prepared_.origins.nodes()) {
      if (node.became.empty() || !fits_node(pattern, node.name, node.outputs)) continue;
      for (const std::string& name : node.became) exclude(*nodes_.at(name));
      is_used = true;
    }
    const auto& in_bodies = prepared_.origins.in_bodies();
    if (!is_used && !std::any_of(in_bodies.begin(), in_bodies.end(), fits)) refuse(pattern);
  }

  std::unordered_set<std::string> take() { return std::move(excluded_); }

 private:
  template <typename Names>
  static bool fits_node(const NamePattern& pattern, const std::string& name, const Names& outputs) {
    return pattern.fits(name) ||
           std::any_of(outputs.begin(), outputs.end(),
                       [&](const auto& output) { return !output.empty() && pattern.fits(output); });
  }

  void exclude(const onnx::NodeProto& node) {
    excluded_.insert(node.name());
    // Who names a Relu means the node whose codes would be its output.
    if (!has_role(node, Role::kBound) || node.input_size() == 0) return;
    const auto maker = makers_.find(node.input(0));
    if (maker == makers_.end()) return;
    if (has_role(*maker->second, Role::kWeighted) || has_role(*maker->second, Role::kArithmetic)) {
      excluded_.insert(maker->second->name());
    }
  }

  bool has_role(const onnx::NodeProto& node, Role role) const {
    const auto* rule = node.domain().empty() ? target_.rule(node.op_type()) : nullptr;
    return rule != nullptr && rule->role == role;
  }

  [[noreturn]] void refuse(const NamePattern& pattern) const {
    std::vector<std::string> names;
    for (const auto& node : prepared_.origins.nodes()) {
      if (fits_node(pattern, node.name, node.outputs)) {
        throw std::invalid_argument(fmt::format(
            "{} '{}' fits the exclusion '{}' and is gone: {}", node.op_type, node.name,
            pattern.text(),
            node.fate == Fate::kConstant ? "it was folded into a constant" : "nothing reads it"));
      }
      names.push_back(node.name);
      names.insert(names.end(), node.outputs.begin(), node.outputs.end());
    }
    throw std::invalid_argument(fmt::format("no node fits the exclusion '{}'{}", pattern.text(),
                                            did_you_mean(pattern.text(), names)));
  }

  const PreparedModel& prepared_;
  const targets::Target& target_;
  std::unordered_map<std::string, const onnx::NodeProto*> nodes_;
  std::unordered_map<std::string, const onnx::NodeProto*> makers_;
  std::unordered_set<std::string> excluded_;
};

}  // namespace

std::unordered_set<std::string> excluded_nodes(const PreparedModel& prepared,
                                               const targets::Target& target,
                                               std::span<const std::string> patterns) {
  Exclusion exclusion(prepared, target);
  for (const std::string& pattern : patterns) exclusion.add(NamePattern(pattern));
  return exclusion.take();
}

}  // namespace rangefinder::passes
