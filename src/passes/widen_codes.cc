#include "passes/widen_codes.h"

#include <algorithm>
#include <unordered_map>

namespace rangefinder::passes {
namespace {

using targets::Role;

class CodeWidener {
 public:
  CodeWidener(graph::Graph& graph, const targets::Target& target, const Annotation& annotation)
      : graph_(graph), target_(target), annotation_(annotation) {
    for (const auto& node : graph.message().node()) nodes_[node.name()] = &node;
  }

  WideCodes run(const std::unordered_set<std::string>& nodes) {
    for (const auto& tensor : annotation_.tensors) {
      for (const auto& [node, input] : tensor.reads) {
        if (nodes.contains(node) && !passes_on(*nodes_.at(node))) result_.nodes.insert(node);
      }
    }
    // Makers come before readers, and roots before what is moved from them.
    for (const auto& tensor : annotation_.tensors) {
      if (is_wide(tensor)) result_.tensors.insert(tensor.name);
    }
    for (const auto& tensor : annotation_.tensors) {
      for (const auto& read : tensor.reads) {
        if (passes_on(*nodes_.at(read.first))) continue;
        if (result_.nodes.contains(read.first) != result_.tensors.contains(tensor.name)) {
          result_.converted_reads[tensor.name].push_back(read);
        }
      }
    }
    return std::move(result_);
  }

 private:
  /// Whether the node has no width of its own.
  bool passes_on(const onnx::NodeProto& node) const {
    const auto* rule = target_.rule(node.op_type());
    return rule != nullptr && (rule->role == Role::kMover || rule->role == Role::kBound);
  }

  bool is_wide(const QuantizedTensor& tensor) const {
    if (tensor.root != tensor.name) return result_.tensors.contains(tensor.root);
    const onnx::NodeProto* maker = tensor.hides_float ? graph_.producer(tensor.name) : nullptr;
    // A bound is fused into its maker, or reads codes itself.
    while (maker != nullptr && passes_on(*maker)) {
      if (annotation_.find(maker->input(0)) != nullptr) {
        return result_.tensors.contains(maker->input(0));
      }
      maker = graph_.producer(maker->input(0));
    }
    return maker != nullptr ? result_.nodes.contains(maker->name()) : is_wanted_wide(tensor);
  }

  /// By a reader, maybe behind nodes without a width.
  bool is_wanted_wide(const QuantizedTensor& tensor) const {
    return std::ranges::any_of(tensor.reads, [&](const auto& read) {
      const onnx::NodeProto& node = *nodes_.at(read.first);
      if (!passes_on(node)) return result_.nodes.contains(read.first);
      const auto* made = annotation_.find(node.output(0));
      return made != nullptr && is_wanted_wide(*made);
    });
  }

  graph::Graph& graph_;
  const targets::Target& target_;
  const Annotation& annotation_;
  std::unordered_map<std::string, const onnx::NodeProto*> nodes_;
  WideCodes result_;
};

}  // namespace

WideCodes widen_codes(graph::Graph& graph, const targets::Target& target,
                      const Annotation& annotation, const std::unordered_set<std::string>& nodes) {
  return CodeWidener(graph, target, annotation).run(nodes);
}

}  // namespace rangefinder::passes
