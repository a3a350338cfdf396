#include "refine/time_cut.h"

#include <cmath>
#include <optional>
#include <set>
#include <utility>

namespace rangefinder::refine {
namespace {

/// Costs are picoseconds.
int64_t cost(double seconds) { return std::llround(seconds * 1e12); }

/// The problem with one node more than parts: the last one is all that is float anyway.
class CutWriter {
 public:
  CutWriter(graph::Graph& graph, std::span<const TimedPart> parts) : graph_(graph) {
    for (size_t i = 0; i < parts.size(); ++i) {
      for (const auto& name : parts[i].nodes) part_of_[name] = i;
      for (const auto& name : parts[i].bounds) part_of_[name] = i;
      problem_.float_costs.push_back(cost(parts[i].float_seconds));
      problem_.integer_costs.push_back(cost(parts[i].integer_seconds));
    }
    problem_.float_costs.push_back(0);
    problem_.integer_costs.push_back(kNeverCut);
  }

  void keep_float(size_t part) { problem_.integer_costs[part] = kNeverCut; }

  void add(const std::string& tensor, int64_t border_cost) {
    const auto* producer = graph_.producer(tensor);
    const size_t maker = producer ? part_of(*producer) : rest();
    std::set<size_t> readers;
    for (const auto& use : graph_.uses(tensor)) readers.insert(part_of(*use.node));
    if (graph_.is_output(tensor) || graph_.is_used_by_body(tensor)) readers.insert(rest());
    readers.erase(maker);
    for (const size_t reader : readers) problem_.borders.push_back({maker, reader, border_cost});
  }

  const CutProblem& problem() const { return problem_; }

 private:
  size_t rest() const { return problem_.float_costs.size() - 1; }

  size_t part_of(const onnx::NodeProto& node) const {
    const auto found = part_of_.find(node.name());
    return found == part_of_.end() ? rest() : found->second;
  }

  graph::Graph& graph_;
  std::unordered_map<std::string, size_t> part_of_;
  CutProblem problem_;
};

bool is_mover(const onnx::NodeProto& node, const targets::Target& target) {
  const auto* rule = node.domain().empty() ? target.rule(node.op_type()) : nullptr;
  return rule != nullptr && rule->role == targets::Role::kMover;
}

}  // namespace

std::vector<TimedPart> timed_parts(graph::Graph& graph, const passes::Annotation& annotation,
                                   const targets::Target& target,
                                   const std::vector<passes::Atom>& atoms) {
  std::vector<TimedPart> parts;
  for (const auto& atom : atoms) parts.push_back({atom.nodes, atom.bounds});
  for (const auto& node : graph.message().node()) {
    if (!is_mover(node, target) || node.output_size() == 0) continue;
    const auto* output = annotation.find(node.output(0));
    if (output != nullptr && output->hides_float) parts.push_back({{node.name()}, {}});
  }
  return parts;
}

std::vector<bool> cut_by_time(graph::Graph& graph, const passes::Annotation& annotation,
                              std::span<const TimedPart> parts, const ElementCounts& elements,
                              double border_seconds, const std::vector<bool>& must_be_float) {
  CutWriter writer(graph, parts);
  for (size_t i = 0; i < must_be_float.size(); ++i) {
    if (must_be_float[i]) writer.keep_float(i);
  }
  for (const auto& tensor : annotation.tensors) {
    const auto count = elements.find(tensor.name);
    if (count == elements.end()) continue;
    writer.add(tensor.name, cost(border_seconds * static_cast<double>(count->second)));
  }
  std::vector<bool> is_float = cheapest_float_nodes(writer.problem());
  is_float.pop_back();
  return is_float;
}

}  // namespace rangefinder::refine
