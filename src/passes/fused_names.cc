#include "passes/fused_names.h"

#include <unordered_map>
#include <unordered_set>

namespace rangefinder::passes {
namespace {

class FusedNames {
 public:
  FusedNames(const PreparedModel& prepared, const Annotation& annotation) {
    for (const auto& tensor : annotation.tensors) tensors_[tensor.name] = &tensor;
    for (const auto& name : annotation.observed()) observed_.insert(name);
    for (const auto& node : prepared.model.graph().node()) {
      nodes_[node.name()] = &node;
      made_.insert(node.output().begin(), node.output().end());
      const bool is_bound = node.op_type() == "Relu" || node.op_type() == "Clip";
      if (is_bound && node.input_size() > 0) bounded_[node.input(0)] = node.output(0);
    }
  }

  void add(const OriginalNode& node) {
    if (node.became.empty()) return;
    for (const std::string& name : node.outputs) {
      if (observed_.contains(name)) continue;
      const auto& now = *nodes_.at(node.became.front());
      if (!made_.contains(name) && now.output_size() == 0) continue;
      const std::string tensor = observed_for(made_.contains(name) ? name : now.output(0));
      if (!tensor.empty()) names_[tensor].push_back(name);
    }
  }

  std::map<std::string, std::vector<std::string>> take() { return std::move(names_); }

 private:
  /// The observed tensor whose parameters this one of the prepared model has; empty if none.
  std::string observed_for(const std::string& tensor) const {
    const auto found = tensors_.find(tensor);
    if (found != tensors_.end()) {
      return observed_.contains(found->second->root) ? found->second->root : "";
    }
    const auto bounded = bounded_.find(tensor);
    return bounded != bounded_.end() && observed_.contains(bounded->second) ? bounded->second : "";
  }

  std::unordered_map<std::string, const QuantizedTensor*> tensors_;
  std::unordered_set<std::string> observed_;
  std::unordered_map<std::string, const onnx::NodeProto*> nodes_;
  std::unordered_set<std::string> made_;
  /// What a Relu or Clip reads, and what it makes.
  std::unordered_map<std::string, std::string> bounded_;
  std::map<std::string, std::vector<std::string>> names_;
};

}  // namespace

std::map<std::string, std::vector<std::string>> fused_names(const PreparedModel& prepared,
                                                            const Annotation& annotation) {
  FusedNames names(prepared, annotation);
  for (const auto& node : prepared.origins.nodes()) names.add(node);
  return names.take();
}

}  // namespace rangefinder::passes
