#include "passes/atoms.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

namespace rangefinder::passes {
namespace {

using targets::Role;

class AtomFinder {
 public:
  AtomFinder(graph::Graph& graph, const Annotation& annotation, const targets::Target& target)
      : graph_(graph), annotation_(annotation), target_(target) {
    for (const auto& node : annotation.weighted) weighted_.insert(node.name);
  }

  void add(const onnx::NodeProto& node) {
    std::optional<size_t> owner = last_owner(node);
    if (weighted_.contains(node.name())) {
      owner = atoms_.size();
      atoms_.push_back({.node = node.name(), .op_type = node.op_type(), .nodes = {}, .bounds = {}});
      members_.insert(waiting_.begin(), waiting_.end());
      atoms_.back().nodes = std::exchange(waiting_, {});
      join(node, *owner);
    } else if (is_bound_of_member(node)) {
      atoms_[*owner].bounds.push_back(node.name());
    } else if (computes_on_codes(node)) {
      if (owner) {
        join(node, *owner);
      } else {
        waiting_.push_back(node.name());
      }
    }
    if (!owner) return;
    for (const auto& output : node.output()) owners_[output] = *owner;
  }

  std::vector<Atom> take() { return std::move(atoms_); }

 private:
  /// The last atom, in graph order, of those that the node reads from.
  std::optional<size_t> last_owner(const onnx::NodeProto& node) const {
    std::optional<size_t> last;
    for (const auto& input : node.input()) {
      const auto owner = owners_.find(input);
      if (owner != owners_.end()) last = std::max(last.value_or(0), owner->second);
    }
    return last;
  }

  void join(const onnx::NodeProto& node, size_t atom) {
    atoms_[atom].nodes.push_back(node.name());
    members_.insert(node.name());
  }

  std::optional<Role> role(const onnx::NodeProto& node) const {
    const bool is_known = node.domain().empty() || node.domain() == "ai.onnx";
    const auto* rule = is_known ? target_.rule(node.op_type()) : nullptr;
    return rule ? std::optional(rule->role) : std::nullopt;
  }

  bool is_bound_of_member(const onnx::NodeProto& node) const {
    if (role(node) != Role::kBound || node.input_size() == 0) return false;
    const auto* maker = graph_.producer(node.input(0));
    return maker != nullptr && members_.contains(maker->name());
  }

  bool computes_on_codes(const onnx::NodeProto& node) const {
    const auto kind = role(node);
    if (kind != Role::kArithmetic && kind != Role::kScale && kind != Role::kGate) return false;
    return makes_codes(node.output(0)) || makes_codes(bounded(node.output(0)));
  }

  bool makes_codes(const std::string& tensor) const {
    const auto* found = annotation_.find(tensor);
    return found != nullptr && (found->hides_float || !found->codes_of.empty());
  }

  /// What a bound behind the tensor makes of it; empty if there is none.
  std::string bounded(const std::string& tensor) const {
    if (!graph_.is_private(tensor)) return {};
    const onnx::NodeProto& reader = *graph_.uses(tensor).front().node;
    return role(reader) == Role::kBound ? reader.output(0) : std::string();
  }

  graph::Graph& graph_;
  const Annotation& annotation_;
  const targets::Target& target_;
  std::unordered_set<std::string> weighted_;
  std::unordered_set<std::string> members_;
  /// The atom whose values a tensor carries.
  std::unordered_map<std::string, size_t> owners_;
  /// Arithmetic that no weighted node came before.
  std::vector<std::string> waiting_;
  std::vector<Atom> atoms_;
};

}  // namespace

std::vector<Atom> find_atoms(graph::Graph& graph, const Annotation& annotation,
                             const targets::Target& target) {
  AtomFinder finder(graph, annotation, target);
  for (const auto& node : graph.message().node()) finder.add(node);
  return finder.take();
}

std::unordered_map<std::string, size_t> atom_of_nodes(const std::vector<Atom>& atoms) {
  std::unordered_map<std::string, size_t> owners;
  for (size_t i = 0; i < atoms.size(); ++i) {
    for (const auto& name : atoms[i].nodes) owners[name] = i;
    for (const auto& name : atoms[i].bounds) owners[name] = i;
  }
  return owners;
}

}  // namespace rangefinder::passes
