#include "engine/pieces.h"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/onnx_messages.h"
#include "graph/graph.h"
#include "graph/names.h"

// ONNX Runtime keeps the nodes that have all they read in a sorted list, and walks through it once
// for each node, in each of some thirty looks at a graph. What only reads constants, as the
// DequantizeLinear of every weight, is in that list from the start, so the time of loading grows
// with nodes times weights. Pieces keep both small.
//
// A cut lies between two nodes in the order of the file. It is allowed if every tensor that is made
// before and read behind may cross. A node that is repeated does not count: those behind the cut
// make its tensor anew, from what it reads.
//
//   x -Conv-> a -QuantizeLinear-> b -DequantizeLinear-> c -Conv-> d -QuantizeLinear-> e ...
//                                                        \-------------------Add-> ...
//
// b may cross, and c is made in every piece that reads it.

namespace rangefinder::engine {
namespace {

constexpr int kNone = -1;

/// Sorts nodes so that each comes after those it reads from, and as soon after them as can be:
/// of all that can be next, leaves and what the last node made possible come first. So few tensors
/// are alive between any two. False, and as before, if there is no such order.
bool sort_nearby(onnx::GraphProto& graph) {
  std::unordered_map<std::string, std::vector<int>> readers;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& input : graph.node(i).input()) readers[input].push_back(i);
  }
  const auto is_leaf = [&](int node) {
    const auto& outputs = graph.node(node).output();
    return std::ranges::none_of(outputs, [&](const auto& name) { return readers.contains(name); });
  };
  std::vector<int> waits(static_cast<size_t>(graph.node_size()), 0);
  for (const auto& node : graph.node()) {
    for (const std::string& output : node.output()) {
      if (output.empty() || !readers.contains(output)) continue;
      for (const int reader : readers[output]) ++waits[static_cast<size_t>(reader)];
    }
  }
  std::vector<int> ready;
  for (int i = graph.node_size(); i-- > 0;) {
    if (waits[static_cast<size_t>(i)] == 0) ready.push_back(i);
  }
  std::vector<int> order;
  while (!ready.empty()) {
    order.push_back(ready.back());
    ready.pop_back();
    std::vector<int> next;
    for (const std::string& output : graph.node(order.back()).output()) {
      const auto found = readers.find(output);
      if (output.empty() || found == readers.end()) continue;
      for (const int reader : found->second) {
        if (--waits[static_cast<size_t>(reader)] == 0) next.push_back(reader);
      }
    }
    std::ranges::sort(next, std::greater<>());
    std::stable_partition(next.begin(), next.end(), [&](int node) { return !is_leaf(node); });
    ready.insert(ready.end(), next.begin(), next.end());
  }
  if (order.size() != waits.size()) return false;
  onnx::GraphProto sorted;
  for (const int node : order) sorted.add_node()->Swap(graph.mutable_node(node));
  graph.mutable_node()->Swap(sorted.mutable_node());
  return true;
}

/// Which node goes into which piece.
class Cutter {
 public:
  Cutter(const onnx::GraphProto& graph, const CutRules& rules)
      : graph_(graph), rules_(rules), piece_of_(static_cast<size_t>(graph.node_size()), 0) {
    for (int i = 0; i < graph.node_size(); ++i) {
      for (const std::string& output : graph.node(i).output()) makers_[output] = i;
    }
    makers_.erase("");
    for (const auto& output : graph.output()) outputs_.insert(output.name());
    for (int i = 0; i < graph.node_size(); ++i) {
      if (is_repeated(graph.node(i))) piece_of_[static_cast<size_t>(i)] = kNone;
    }
    if (can_be_cut()) cut(obstacles());
  }

  size_t piece_count() const { return static_cast<size_t>(piece_count_); }
  /// kNone: it is repeated.
  int piece_of(int node) const { return piece_of_[static_cast<size_t>(node)]; }
  /// kNone: no node makes it.
  int maker_of(const std::string& tensor) const {
    const auto found = makers_.find(tensor);
    return found == makers_.end() ? kNone : found->second;
  }

 private:
  bool crosses(int node) const { return rules_.may_cross(graph_.node(node)); }

  bool is_repeated(const onnx::NodeProto& node) const {
    const auto& outputs = node.output();
    return rules_.is_repeated(node) &&
           std::ranges::none_of(outputs,
                                [&](const auto& name) { return outputs_.contains(name); }) &&
           std::ranges::all_of(node.input(), [&](const std::string& input) {
             const int maker = maker_of(input);
             return maker == kNone || crosses(maker);
           });
  }

  /// Bodies read by name, which may become another.
  bool can_be_cut() const {
    const auto is_made = [&](const auto& output) { return makers_.contains(output.name()); };
    const auto has_body = [](const onnx::NodeProto& node) {
      return std::ranges::any_of(node.attribute(), [](const auto& attribute) {
        return attribute.has_g() || attribute.graphs_size() > 0;
      });
    };
    return graph_.sparse_initializer_size() == 0 && std::ranges::all_of(graph_.output(), is_made) &&
           std::ranges::none_of(graph_.node(), has_body);
  }

  /// For each node, how many tensors there are that must not cross a cut right before it.
  std::vector<int> obstacles() const {
    std::vector<int> last_reader(piece_of_.size(), kNone);
    for (int i = 0; i < graph_.node_size(); ++i) {
      for (const std::string& input : graph_.node(i).input()) {
        const int maker = maker_of(input);
        if (maker != kNone) last_reader[static_cast<size_t>(maker)] = i;
      }
    }
    std::vector<int> count(piece_of_.size() + 1, 0);
    for (int i = 0; i < graph_.node_size(); ++i) {
      const int last = last_reader[static_cast<size_t>(i)];
      if (last == kNone || piece_of(i) == kNone || crosses(i)) continue;
      ++count[static_cast<size_t>(i) + 1];
      --count[static_cast<size_t>(last) + 1];
    }
    for (size_t i = 1; i < count.size(); ++i) count[i] += count[i - 1];
    return count;
  }

  void cut(const std::vector<int>& obstacles) {
    int size = 0;
    bool is_empty = true;
    for (size_t i = 0; i < piece_of_.size(); ++i) {
      const bool is_kept = piece_of_[i] != kNone;
      if (is_kept && !is_empty && size >= rules_.piece_size && obstacles[i] == 0) {
        ++piece_count_;
        size = 0;
      }
      ++size;
      if (!is_kept) continue;
      piece_of_[i] = piece_count_ - 1;
      is_empty = false;
    }
  }

  const onnx::GraphProto& graph_;
  const CutRules& rules_;
  std::unordered_map<std::string, int> makers_;
  std::unordered_set<std::string> outputs_;
  std::vector<int> piece_of_;
  int piece_count_ = 1;
};

/// Takes a model apart.
class Pieces {
 public:
  Pieces(const onnx::ModelProto& model, const CutRules& rules)
      : model_(model), cutter_(model.graph(), rules), pieces_(cutter_.piece_count()) {
    for (const auto& constant : graph().initializer()) constants_[constant.name()] = &constant;
    for (const auto& output : graph().output()) infos_[output.name()] = output;
    for (const auto& input : graph().input()) infos_[input.name()] = input;
    for (const auto& output : graph().output()) hand_out(output.name());
    if (pieces_.size() == 1) return;
    for (int i = 0; i < graph().node_size(); ++i) {
      if (cutter_.piece_of(i) != kNone) add(i, cutter_.piece_of(i));
    }
  }

  size_t count() const { return pieces_.size(); }
  /// Tensors that keep their names: what the graph gives, and what pieces hand on.
  const std::unordered_set<std::string>& handed_out() const { return handed_out_; }

  onnx::ModelProto piece(size_t number) const {
    onnx::ModelProto result;
    result.set_ir_version(model_.ir_version());
    *result.mutable_opset_import() = model_.opset_import();
    *result.mutable_functions() = model_.functions();
    onnx::GraphProto& piece = *result.mutable_graph();
    piece.set_name(graph().name());
    for (const int node : pieces_[number].nodes) *piece.add_node() = graph().node(node);
    for (const std::string& name : pieces_[number].reads) {
      const auto constant = constants_.find(name);
      if (constant != constants_.end()) *piece.add_initializer() = *constant->second;
      const auto info = infos_.find(name);
      if (info != infos_.end()) *piece.add_input() = info->second;
    }
    for (const std::string& name : pieces_[number].gives) {
      const auto info = infos_.find(name);
      if (info != infos_.end()) {
        *piece.add_output() = info->second;
      } else {
        piece.add_output()->set_name(name);
      }
    }
    return result;
  }

  /// What a piece tells of the tensors that it hands on, once it is optimized. Where ONNX Runtime
  /// found nothing to change it did not write down what it knows of them.
  void learn(const ModelSource& given, const onnx::GraphProto& optimized, ObserveSink* observe) {
    const auto has_type = [](const auto& output) { return output.has_type(); };
    for (const auto& output : optimized.output()) infos_[output.name()] = output;
    if (std::ranges::all_of(optimized.output(), has_type)) return;
    const Session session(given, {.optimization = OptimizationLevel::kNone, .observe = observe});
    for (const TensorInfo& output : session.outputs()) {
      infos_[output.name] = graph::value_info(output.name, output.type, output.shape);
    }
  }

 private:
  struct Piece {
    std::vector<int> nodes = {};
    std::unordered_set<int> known_nodes = {};
    /// Made by no node of this piece.
    std::vector<std::string> reads = {};
    std::unordered_set<std::string> known_reads = {};
    std::vector<std::string> gives = {};
  };

  const onnx::GraphProto& graph() const { return model_.graph(); }

  void hand_out(const std::string& tensor) {
    if (!handed_out_.insert(tensor).second) return;
    const int maker = cutter_.maker_of(tensor);
    if (maker != kNone)
      pieces_[static_cast<size_t>(cutter_.piece_of(maker))].gives.push_back(tensor);
  }

  void add(int node, int number) {
    Piece& piece = pieces_[static_cast<size_t>(number)];
    if (!piece.known_nodes.insert(node).second) return;
    for (const std::string& input : graph().node(node).input()) {
      const int maker = cutter_.maker_of(input);
      if (input.empty() || (maker != kNone && cutter_.piece_of(maker) == number)) continue;
      if (maker != kNone && cutter_.piece_of(maker) == kNone) {
        add(maker, number);
      } else if (piece.known_reads.insert(input).second) {
        piece.reads.push_back(input);
        if (maker != kNone) hand_out(input);
      }
    }
    piece.nodes.push_back(node);
  }

  const onnx::ModelProto& model_;
  Cutter cutter_;
  std::vector<Piece> pieces_;
  std::unordered_map<std::string, const onnx::TensorProto*> constants_;
  std::unordered_map<std::string, onnx::ValueInfoProto> infos_;
  std::unordered_set<std::string> handed_out_;
};

/// Puts optimized pieces together.
class Assembly {
 public:
  Assembly(const onnx::ModelProto& model, const Pieces& pieces) : kept_(pieces.handed_out()) {
    result_.set_ir_version(model.ir_version());
    graph().set_name(model.graph().name());
    *graph().mutable_input() = model.graph().input();
    *graph().mutable_output() = model.graph().output();
    for (const auto& input : model.graph().input()) kept_.insert(input.name());
    for (const std::string& name : kept_) tensors_.add(name);
  }

  void add(onnx::ModelProto piece) {
    import_operators(piece);
    if (result_.functions_size() == 0) *result_.mutable_functions() = piece.functions();
    std::unordered_map<std::string, std::string> renamed;
    const auto rename = [&](std::string& name) {
      if (name.empty() || kept_.contains(name)) return;
      const auto [place, is_new] = renamed.try_emplace(name);
      if (is_new) place->second = tensors_.take(name);
      name = place->second;
    };
    for (auto& constant : *piece.mutable_graph()->mutable_initializer()) {
      if (is_there(constant)) {
        renamed[constant.name()] = constant.name();
      } else {
        add(constant, rename);
      }
    }
    for (auto& node : *piece.mutable_graph()->mutable_node()) {
      for (std::string& input : *node.mutable_input()) rename(input);
      for (std::string& output : *node.mutable_output()) rename(output);
      node.set_name(nodes_.take(node.name()));
      graph().add_node()->Swap(&node);
    }
    for (auto& info : *piece.mutable_graph()->mutable_value_info()) {
      rename(*info.mutable_name());
      if (!kept_.contains(info.name())) graph().add_value_info()->Swap(&info);
    }
  }

  const onnx::ModelProto& result() const { return result_; }

 private:
  onnx::GraphProto& graph() { return *result_.mutable_graph(); }

  /// Another piece reads the same constant.
  bool is_there(const onnx::TensorProto& constant) const {
    const auto found = constants_.find(constant.name());
    return found != constants_.end() &&
           found->second->SerializeAsString() == constant.SerializeAsString();
  }

  template <class Rename>
  void add(onnx::TensorProto& constant, const Rename& rename) {
    rename(*constant.mutable_name());
    onnx::TensorProto& added = *graph().add_initializer();
    added.Swap(&constant);
    constants_[added.name()] = &added;
  }

  void import_operators(const onnx::ModelProto& piece) {
    for (const auto& opset : piece.opset_import()) {
      if (domains_.insert(opset.domain()).second) *result_.add_opset_import() = opset;
    }
  }

  onnx::ModelProto result_;
  std::unordered_set<std::string> kept_;
  graph::Names tensors_;
  graph::Names nodes_;
  std::unordered_set<std::string> domains_;
  std::unordered_map<std::string, const onnx::TensorProto*> constants_;
};

}  // namespace

HeldModel optimize_in_pieces(const ModelSource& model, OptimizationLevel level,
                             const CutRulesOf& rules_of, const OptimizeOptions& options) {
  onnx::ModelProto whole = parse_model(model);
  const CutRules rules = rules_of(whole.graph());
  if (whole.graph().node_size() <= rules.largest_whole || !sort_nearby(*whole.mutable_graph())) {
    return optimize_model(model, level, options);
  }
  Pieces pieces(whole, rules);
  if (pieces.count() == 1) return optimize_model(model, level, options);
  Assembly assembly(whole, pieces);
  HeldFolders held = model.held;
  for (size_t i = 0; i < pieces.count(); ++i) {
    const ModelSource piece = pack_model(pieces.piece(i), model.file, model.held);
    HeldModel optimized = optimize_model(piece, level, options);
    held.insert(held.end(), optimized.held.begin(), optimized.held.end());
    pieces.learn(piece, optimized.model.graph(), options.observe);
    assembly.add(std::move(optimized.model));
  }
  return {assembly.result(), std::move(held)};
}

}  // namespace rangefinder::engine
