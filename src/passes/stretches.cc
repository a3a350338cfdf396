#include "passes/stretches.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "graph/graph.h"
#include "tensor/element_type.h"

// Nodes stand in an order in which each comes after those it reads from, so a cut is a place
// between two of them:
//
//    Conv  Relu  Conv | Add  Relu | Conv  ...
//      a     b     c  |  d     e  |  f            b and c cross the first cut, e the second one
//
// A tensor crosses every cut between the node that makes it and the last one that reads it.

namespace rangefinder::passes {
namespace {

class Cutter {
 public:
  Cutter(const PreparedModel& prepared, std::span<const std::string> revealed)
      : model_(prepared.model),
        infos_(prepared.infos),
        revealed_in_order_(revealed.begin(), revealed.end()),
        revealed_(revealed.begin(), revealed.end()),
        is_needed_(static_cast<size_t>(graph().node_size()), false) {
    for (int i = 0; i < graph().node_size(); ++i) {
      for (const auto& output : graph().node(i).output()) makers_[output] = i;
    }
    makers_.erase("");
    for (const auto& constant : graph().initializer()) constants_[constant.name()] = &constant;
    for (const auto& input : graph().input()) inputs_[input.name()] = &input;
    find_needed();
  }

  bool can_cut() const {
    return !revealed_.empty() && graph().sparse_initializer_size() == 0 &&
           std::ranges::all_of(revealed_, [&](const auto& name) { return makers_.contains(name); });
  }

  /// The nodes that stretches begin with, the first of all aside.
  std::vector<int> cuts(const std::vector<Atom>& atoms, size_t most) const {
    const std::vector<int> places = places_before(atoms);
    const std::vector<size_t> crossing = crossing_counts();
    const size_t count = std::min(places.size(), most);
    std::vector<int> cuts;
    for (size_t i = 1; i < count; ++i) {
      const size_t middle = i * places.size() / count;
      const size_t reach = places.size() / count / 4;
      int best = places[middle];
      for (size_t at = middle - reach; at <= middle + reach; ++at) {
        if (crossing_at(crossing, places[at]) < crossing_at(crossing, best)) best = places[at];
      }
      if (crossing_at(crossing, best) < kForbidden) cuts.push_back(best);
    }
    return cuts;
  }

  Stretch stretch(int begin, int end) const {
    Stretch made;
    made.model.set_ir_version(model_.ir_version());
    *made.model.mutable_opset_import() = model_.opset_import();
    *made.model.mutable_functions() = model_.functions();
    made.model.mutable_graph()->set_name(graph().name());
    std::unordered_set<std::string> known;
    for (int i = begin; i < end; ++i) {
      if (!is_needed_[static_cast<size_t>(i)]) continue;
      const auto& node = graph().node(i);
      *made.model.mutable_graph()->add_node() = node;
      for (const std::string& name : graph::reads_of(node)) {
        const auto maker = makers_.find(name);
        if (maker != makers_.end() && maker->second >= begin) continue;
        if (known.insert(name).second) add_read(name, made);
      }
      for (const std::string& name : node.output()) {
        const auto last = last_readers_.find(name);
        const bool is_read_later = last != last_readers_.end() && last->second >= end;
        if (is_read_later || revealed_.contains(name)) add_output(name, made);
      }
    }
    return made;
  }

  Stretch whole() const {
    Stretch made{.model = model_};
    for (const auto& output : graph().output()) made.gives.push_back(output.name());
    for (const std::string& name : revealed_in_order_) {
      if (std::ranges::find(made.gives, name) == made.gives.end()) add_output(name, made);
    }
    for (const auto& input : graph().input()) {
      if (!constants_.contains(input.name())) made.reads.push_back(input.name());
    }
    return made;
  }

  int node_count() const { return graph().node_size(); }

 private:
  static constexpr size_t kForbidden = size_t{1} << 32;

  const onnx::GraphProto& graph() const { return model_.graph(); }

  static size_t crossing_at(const std::vector<size_t>& crossing, int place) {
    return crossing[static_cast<size_t>(place)];
  }

  void find_needed() {
    std::vector<int> open;
    const auto need = [&](const std::string& tensor) {
      const auto maker = makers_.find(tensor);
      if (maker == makers_.end() || is_needed_[static_cast<size_t>(maker->second)]) return;
      is_needed_[static_cast<size_t>(maker->second)] = true;
      open.push_back(maker->second);
    };
    for (const std::string& name : revealed_) need(name);
    while (!open.empty()) {
      const int node = open.back();
      open.pop_back();
      for (const std::string& name : graph::reads_of(graph().node(node))) {
        int& last = last_readers_.try_emplace(name, node).first->second;
        last = std::max(last, node);
        need(name);
      }
    }
  }

  std::vector<int> places_before(const std::vector<Atom>& atoms) const {
    std::unordered_set<std::string> weighted;
    for (const Atom& atom : atoms) weighted.insert(atom.node);
    std::vector<int> places;
    for (int i = 0; i < graph().node_size(); ++i) {
      const bool is_wanted = is_needed_[static_cast<size_t>(i)];
      if (is_wanted && weighted.contains(graph().node(i).name())) places.push_back(i);
    }
    return places;
  }

  /// For each place how many tensors cross a cut there; kForbidden for each that cannot.
  std::vector<size_t> crossing_counts() const {
    std::vector<size_t> counts(is_needed_.size() + 1, 0);
    for (const auto& [name, last] : last_readers_) {
      const auto maker = makers_.find(name);
      if (maker == makers_.end()) continue;
      const size_t weight = is_tensor_of_numbers(name) ? 1 : kForbidden;
      counts[static_cast<size_t>(maker->second) + 1] += weight;
      counts[static_cast<size_t>(last) + 1] -= weight;
    }
    for (size_t i = 1; i < counts.size(); ++i) counts[i] += counts[i - 1];
    return counts;
  }

  bool is_tensor_of_numbers(const std::string& name) const {
    const auto info = infos_.find(name);
    return info != infos_.end() && tensor::element_size(info->second.type) != 0;
  }

  void add_read(const std::string& name, Stretch& made) const {
    auto& part = *made.model.mutable_graph();
    const auto constant = constants_.find(name);
    const auto input = inputs_.find(name);
    if (constant != constants_.end()) *part.add_initializer() = *constant->second;
    if (input != inputs_.end()) *part.add_input() = *input->second;
    if (constant != constants_.end()) return;
    if (input == inputs_.end()) *part.add_input() = described(name);
    made.reads.push_back(name);
  }

  void add_output(const std::string& name, Stretch& made) const {
    *made.model.mutable_graph()->add_output() = described(name);
    made.gives.push_back(name);
  }

  onnx::ValueInfoProto described(const std::string& name) const {
    const auto found = infos_.find(name);
    if (found != infos_.end()) {
      return graph::value_info(name, found->second.type, found->second.shape);
    }
    onnx::ValueInfoProto described;
    described.set_name(name);
    return described;
  }

  const onnx::ModelProto& model_;
  const TensorInfos& infos_;
  std::vector<std::string> revealed_in_order_;
  std::unordered_set<std::string> revealed_;
  std::unordered_map<std::string, int> makers_;
  std::unordered_map<std::string, const onnx::TensorProto*> constants_;
  std::unordered_map<std::string, const onnx::ValueInfoProto*> inputs_;
  std::vector<bool> is_needed_;
  /// Of tensors that are read by a node that is needed.
  std::unordered_map<std::string, int> last_readers_;
};

}  // namespace

std::vector<Stretch> cut_into_stretches(const PreparedModel& prepared,
                                        const std::vector<Atom>& atoms,
                                        std::span<const std::string> revealed, size_t most) {
  const Cutter cutter(prepared, revealed);
  std::vector<Stretch> stretches;
  if (!cutter.can_cut()) {
    stretches.push_back(cutter.whole());
    return stretches;
  }
  std::vector<int> ends = cutter.cuts(atoms, most);
  ends.push_back(cutter.node_count());
  int begin = 0;
  for (const int end : ends) {
    stretches.push_back(cutter.stretch(begin, end));
    begin = end;
  }
  return stretches;
}

}  // namespace rangefinder::passes
